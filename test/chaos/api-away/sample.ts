import type { Write } from '../history.ts';

/** What one client saw while the API server was away, and until the cluster was whole again. */
export interface PathSample {
  acknowledged: number;
  /** Attempts that failed, connections included. */
  errors: number;
  /** Milliseconds between two acknowledged writes, the longest. */
  longestGapMs: number;
  /** Pauses between two acknowledged writes of more than a second, and their sum in seconds. */
  pauses: number;
  pausedSeconds: number;
  /** Acknowledged writes that are not there at the end. */
  lost: number;
}

/** One cluster, once. */
export interface AwaySample {
  how: string;
  profile: string;
  store: string;
  /** How long the API server was away. */
  minutes: number;
  direct: PathSample;
  pooler: PathSample;
  /** How often a member was promoted: timelines at the end less those at the beginning. */
  promotions: number;
  /** Writes of two primaries in each other's time. */
  twoPrimaries: number;
  /** Containers that were started anew, and pods. */
  restarts: number;
  /** From its return to a whole cluster. */
  wholeAfterSeconds: number;
  at: string;
  commit: string;
}

/** Longer than this between two acknowledged writes is noticed. */
const noticedMs = 1000;

/** `lost`: of this client's writes. */
export function pathSample(writes: readonly Write[], lost: number): PathSample {
  const acknowledged = writes.filter(({ outcome }) => outcome === 'acknowledged');
  const gaps = acknowledged.slice(1).map((write, n) => write.endedAt - (acknowledged[n]?.endedAt ?? 0));
  const noticed = gaps.filter((gap) => gap > noticedMs);
  return {
    acknowledged: acknowledged.length,
    errors: writes.length - acknowledged.length,
    longestGapMs: Math.round(gaps.reduce((longest, gap) => Math.max(longest, gap), 0)),
    pauses: noticed.length,
    pausedSeconds: Math.round(noticed.reduce((sum, gap) => sum + gap, 0) / 100) / 10,
    lost,
  };
}
