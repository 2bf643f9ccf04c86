export * from './network.ts';
export * from './reset.ts';
