export { listDirectories, sweepDirectories, type ListedFile, type Sweep, type SweptFile } from './sweep';
export { preferred, type Circumstances } from './survivor';
export { judgeUnits, type Finding } from './units';
