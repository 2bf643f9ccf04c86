export * from './cache.ts';
export * from './freeze.ts';
export * from './reflector.ts';
export * from './watched-cache.ts';
