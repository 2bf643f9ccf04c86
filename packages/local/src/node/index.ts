export * from './agent.ts';
export * from './node-proxy.ts';
export { unmountAll } from './volumes/pod-directories.ts';
export { LABEL } from './labels.ts';
