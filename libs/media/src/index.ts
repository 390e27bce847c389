export * from './types';
export { sniff, sniffLength } from './sniff';
export { identify } from './identify';
export * from './grouping';
export * from './isobmff/boxes';
export * from './isobmff/box-file';
