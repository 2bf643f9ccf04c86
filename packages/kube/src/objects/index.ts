export * from './api-error.ts';
export * from './clock.ts';
export * from './object.ts';
