export * from './freeze.ts';
export type { Narrowing } from './resource-state.ts';
export * from './store.ts';
export * from './write-batches.ts';
