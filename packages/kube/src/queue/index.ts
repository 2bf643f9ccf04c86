export * from './backoff.ts';
export * from './result.ts';
export * from './work-queue.ts';
export * from './workers.ts';
