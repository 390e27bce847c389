export * from './types';
export * from './isobmff/boxes';
export * from './isobmff/box-file';
