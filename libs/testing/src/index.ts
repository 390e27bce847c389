export * from './records';
export { publishOverTcp, startNats, TestNats } from './nats';
export * from './audit';
export * from './cloud-photos';
export * from './pictures';
export * from './random';
export * from './stage-process';
export * from './wait-for';
export { startPostgres, type TestPostgres } from './postgres';
