export * from './instance.ts';
export * from './load.ts';
export * from './lock.ts';
export * from './subnets.ts';
export * from './node-place.ts';
export { usedNetworks } from './used-networks.ts';
