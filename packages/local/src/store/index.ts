export * from './freeze.ts';
export * from './store.ts';
