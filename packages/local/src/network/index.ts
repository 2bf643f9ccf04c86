export * from './network.ts';
export * from './reset.ts';
export * from './resources.ts';
export { tableName } from './ruleset.ts';
export * from './cuts.ts';
export { addProbeAddress } from './bridge.ts';
export { probeAddress } from './ruleset.ts';
