export * from './agent.ts';
export { ApiLink } from './api-link.ts';
export * from './node-proxy.ts';
export { unmountAll, unmountVolumes } from './volumes/pod-directories.ts';
export { LABEL } from './labels.ts';
export { refreshAt } from './volumes/tokens.ts';
