/**
 * The pieces of an operator:
 *
 * - *Cache*: the objects of one kind as the API server last told them; only read.
 * - *Source*: turns changes of a cache into keys of a controller.
 * - *Predicate*: which changes matter; heartbeats should not wake anybody.
 * - *Controller*: takes keys from its queue and calls `reconcile(key)`, never twice at once for the same key.
 * - *Leadership*: one of several candidates acts, by a Lease.
 * - *Manager*: starts caches, leads when elected, runs controllers, and stops everything in order.
 */
export type { Logger } from '../objects/index.ts';
export * from './aborted.ts';
export * from './controller.ts';
export * from './event-correlator.ts';
export * from './event-recorder.ts';
export * from './health.ts';
export * from './keys.ts';
export * from './leader-elector.ts';
export * from './leadership.ts';
export * from './lease-record.ts';
export * from './manager.ts';
export * from './predicates.ts';
export * from './source.ts';
