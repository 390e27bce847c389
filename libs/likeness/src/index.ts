export { lookAtFile, type FileLook, type LookOptions } from './look/file';
export { lookVersion } from './look/look';
export { LikenessPass, type LikenessData, type PassOptions, type PassResult } from './likeness-pass';
export { compare, readSketch, turn, type Nearness, type Sketch } from './judge/compare';
export { relationOf, type Shot } from './judge/relation';
export { candidatesOf, type Candidate, type LightFingerprint } from './search/candidates';
export { searchPairs } from './search/search';
