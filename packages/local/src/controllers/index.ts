export * from './start.ts';
export type { Running } from './controller.ts';
