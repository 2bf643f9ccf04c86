export * from './freeze.ts';
export type { Narrowing } from './resource-state.ts';
export * from './store.ts';
