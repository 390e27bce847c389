export * from './asset-state';
export * from './dead-letter';
export * from './errors';
export * from './library-path';
export * from './outcome';
export * from './progress';
export * from './stages';
export * from './subjects';
