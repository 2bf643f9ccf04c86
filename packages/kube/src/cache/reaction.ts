import { ApiError } from '../objects/index.ts';
import { backoffDelay } from '../queue/index.ts';
import { TransportError } from '../client/index.ts';

/** What a reflector does about a failure. */
export interface Reaction {
  /** The position in the event stream is lost: list again. */
  relist: boolean;
  /** Wait before the next attempt, in milliseconds. */
  delayMs: number;
  /** What a person should know or do. */
  advice: string;
}

/** A watch that the server ended at once without any event; answering with the next one at once would be a storm. */
export class ShortWatchError extends Error {
  constructor() {
    super('the server ended the watch within a second and without events');
    this.name = 'ShortWatchError';
  }
}

/** A Status that came as ERROR event within a watch. */
export class WatchStatusError extends Error {
  readonly status: ApiError;

  constructor(status: ApiError) {
    super(`the watch reported ${status.code} ${status.reason}: ${status.message}`, { cause: status });
    this.name = 'WatchStatusError';
    this.status = status;
  }
}

const BASE_MS = 100;
/** A server that restarts is found again within about this time. */
const UNREACHABLE_MS = 1_000;
const NOT_SERVED_MS = 5_000;
const OTHER_MS = 30_000;
/** So many refusals of a watch in a row, and the position itself is suspected. */
const SUSPECT_AFTER = 5;

/** Decides; `failures` counts the failures in a row before this one. */
export function reactTo(error: unknown, failures: number, random: () => number): Reaction {
  const wait = (maxMs: number): number => backoffDelay(failures, { baseMs: BASE_MS, maxMs, random });
  const status = error instanceof WatchStatusError ? error.status : error;
  if (status instanceof ApiError) {
    if (status.code === 410) {
      // Normal after a long silence: list at once, but not in a circle.
      return { relist: true, delayMs: failures === 0 ? 0 : wait(OTHER_MS), advice: 'listing again' };
    }
    if (status.code === 404) {
      return {
        relist: true,
        delayMs: wait(NOT_SERVED_MS),
        advice: 'waiting for the resource to be served (is its CRD installed?)',
      };
    }
    if (status.code === 403 || status.code === 401) {
      return { relist: false, delayMs: wait(OTHER_MS), advice: 'trying again; grant list and watch on it' };
    }
    // Also "too large resource version" (the server was restored from a backup) and positions it cannot read.
    const badPosition = status.code === 400 || status.code === 504 || error instanceof WatchStatusError;
    const relist = badPosition || failures >= SUSPECT_AFTER;
    return { relist, delayMs: wait(OTHER_MS), advice: relist ? 'listing again' : 'trying again' };
  }
  if (error instanceof TransportError) {
    return {
      relist: false,
      delayMs: wait(UNREACHABLE_MS),
      advice: 'going on where it broke off as soon as it answers',
    };
  }
  return { relist: false, delayMs: wait(OTHER_MS), advice: 'trying again' };
}
