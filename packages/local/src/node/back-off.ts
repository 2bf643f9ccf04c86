/** First pause and longest pause between restarts of a container, in milliseconds (kubelet's). */
const FIRST_MS = 10_000;
const LONGEST_MS = 300_000;
/** A container that ran this long starts again from the first pause. */
const RESET_MS = 600_000;

/** Memory of one container's (or image's) failures. */
export interface BackOff {
  /** Length of the pause that applies now. */
  pauseMs: number;
  /** When it began (milliseconds since 1970). */
  since: number;
}

/**
 * The pause after another failure at `now`; the container (or the last failure) had begun at `startedAt`.
 * The first restart is immediate: `undefined` before means that only the next one has to wait.
 */
export function nextBackOff(before: BackOff | undefined, now: number, startedAt: number): BackOff {
  if (before === undefined || now - startedAt > RESET_MS) return { pauseMs: FIRST_MS, since: now };
  return { pauseMs: Math.min(before.pauseMs * 2, LONGEST_MS), since: now };
}

/** How long a container that ended at `finishedAt` has to wait still, in milliseconds; 0: start it now. */
export function remainingPause(backOff: BackOff | undefined, now: number, finishedAt: number): number {
  if (backOff === undefined) return 0;
  return Math.max(0, finishedAt + backOff.pauseMs - now);
}

/** `10s`, `2m40s` as Kubernetes' messages have it. */
export function formatPause(ms: number): string {
  const seconds = Math.round(ms / 1000);
  return seconds < 60 ? `${seconds}s` : `${Math.floor(seconds / 60)}m${seconds % 60}s`;
}
