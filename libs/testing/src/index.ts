export * from './records';
export { publishOverTcp, startNats, TestNats } from './nats';
