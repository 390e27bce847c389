export * from './file-errors';
export * from './library';
export * from './names';
