/** First pause and longest pause between restarts of a container, in milliseconds (kubelet's). */
const FIRST_MS = 10_000;
const LONGEST_MS = 300_000;
/** This long without a restart, and the pauses begin anew. */
const RESET_MS = 600_000;

/** Memory of one container's (or image's) failures. */
export interface BackOff {
  /** Length of the pause before the next start. */
  pauseMs: number;
  /** When it was set: at the last start (milliseconds since 1970). */
  since: number;
}

/**
 * The memory after one more start at `now` of what had ended at `endedAt`. The first restart is immediate, so
 * only the one after it has to wait; each pause is twice the one before.
 */
export function nextBackOff(before: BackOff | undefined, now: number, endedAt: number): BackOff {
  if (before === undefined || isOver(before, endedAt)) return { pauseMs: FIRST_MS, since: now };
  return { pauseMs: Math.min(before.pauseMs * 2, LONGEST_MS), since: now };
}

/** How long what ended at `endedAt` has to wait still, in milliseconds; 0: start it now. */
export function remainingPause(backOff: BackOff | undefined, now: number, endedAt: number): number {
  if (backOff === undefined || isOver(backOff, endedAt)) return 0;
  return Math.max(0, endedAt + backOff.pauseMs - now);
}

function isOver(backOff: BackOff, endedAt: number): boolean {
  return endedAt - backOff.since > RESET_MS;
}

/** `10s`, `2m40s` as Kubernetes' messages have it. */
export function formatPause(ms: number): string {
  const seconds = Math.round(ms / 1000);
  return seconds < 60 ? `${seconds}s` : `${Math.floor(seconds / 60)}m${seconds % 60}s`;
}
