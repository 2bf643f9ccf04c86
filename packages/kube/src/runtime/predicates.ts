import { isDeepStrictEqual } from 'node:util';
import type { KubeObject } from '../objects/index.ts';

/** Does this change matter? `old` is absent for a new object, `current` for a deleted one. */
export type Predicate<T extends KubeObject> = (old: T | undefined, current: T | undefined) => boolean;

/** New, deleted, or different in what `select` picks. Use it to sleep through heartbeats. */
export const changedIn =
  <T extends KubeObject>(select: (object: T) => unknown): Predicate<T> =>
  (old, current) =>
    old === undefined || current === undefined || !isDeepStrictEqual(select(old), select(current));

/** New, deleted, being deleted, or another spec (`metadata.generation`); not: status, labels, annotations. */
export const specChanged: Predicate<KubeObject> = changedIn(({ metadata }) => [
  metadata.generation,
  metadata.deletionTimestamp,
  metadata.uid,
]);

/** True when one of the predicates is. */
export const anyOf =
  <T extends KubeObject>(...predicates: Predicate<T>[]): Predicate<T> =>
  (old, current) =>
    predicates.some((matters) => matters(old, current));
