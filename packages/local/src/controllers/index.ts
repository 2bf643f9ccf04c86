export * from './start.ts';
export * from './volumes/volume-store.ts';
export type { Running } from './controller.ts';
