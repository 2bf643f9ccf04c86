export * from './api-error.ts';
export * from './clock.ts';
export * from './object.ts';
export * from './kinds.ts';
export * from './logger.ts';
export * from './resources.ts';
