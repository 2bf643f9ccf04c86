export * from './api-server.ts';
export * from './server-options.ts';
