export * from './mount-points.ts';
export * from './size-limits.ts';
export * from './volume-images.ts';
export * from './volume-store.ts';
