export { ManualClock, SystemClock } from './clock';
export type { Clock } from './clock';
export { FaultBoard } from './faults';
export type { FaultName } from './faults';
export { Traffic } from './traffic';
export type { RequestRecord } from './traffic';
export { LocalICloud } from './server';
export type { LocalICloudOptions } from './server';
