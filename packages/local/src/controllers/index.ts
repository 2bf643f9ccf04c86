export * from './start.ts';
export { bindVolumesLate } from './volumes/storage-classes.ts';
export type { Running } from './controller.ts';
