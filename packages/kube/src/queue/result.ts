/**
 * What one pass of a reconciler says when it did not fail. A failure is an exception, never a result.
 *
 * - `done`: nothing more to do until something changes.
 * - `requeueAfter`: look again after `ms` milliseconds even if nothing changes; `why` is for people (log, status).
 */
export type Result =
  | { readonly kind: 'done' }
  | { readonly kind: 'requeueAfter'; readonly ms: number; readonly why: string };

/** Nothing more to do until something changes. */
export const done: Result = Object.freeze({ kind: 'done' });

/** Look again after `ms` milliseconds; `why` says what is waited for. */
export const requeueAfter = (ms: number, why: string): Result => ({ kind: 'requeueAfter', ms, why });
