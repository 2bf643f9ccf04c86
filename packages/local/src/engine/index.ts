export * from './connect.ts';
export * from './engine.ts';
export * from './http-engine.ts';
export * from './podman-service.ts';
export * from './probe-host.ts';
