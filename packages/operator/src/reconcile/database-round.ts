import { createHash } from 'node:crypto';
import { elapsedMs } from '@pgherd/kube/objects';

/** Where the round through one cluster's databases stands. */
export interface RoundMemory {
  /** Which place is looked at next. */
  index: number;
  /** When the last look was, and how long after it the next is due, in milliseconds; undefined before the round begins. */
  last: { at: number; waitMs: number } | undefined;
}

/** For a fresh memory. */
export function newRoundMemory(): RoundMemory {
  return { index: 0, last: undefined };
}

/** What a round goes through, and how long it takes. */
export interface Round {
  /** `namespace/name` of the cluster: rounds of different clusters do not go in step. */
  cluster: string;
  /** What is looked at one after the other, e.g. names of databases. */
  places: readonly string[];
  /** How long it takes to come around, in milliseconds; 0: nothing is ever looked at. */
  periodMs: number;
}

/**
 * Milliseconds until the next look of a round; 0 when it is due, undefined when there is none. Each place has its turn
 * once in a period, evenly spread, and where in its share of the period a cluster begins is decided by its name.
 */
export function nextLookMs(memory: RoundMemory, round: Round, now: number): number | undefined {
  if (round.periodMs <= 0 || round.places.length === 0) return undefined;
  const share = round.periodMs / round.places.length;
  memory.last ??= { at: now, waitMs: share * fractionOf(round.cluster) };
  // A shortened period pulls the next look in.
  const waitMs = Math.min(memory.last.waitMs, share);
  return Math.max(0, Math.ceil(waitMs - elapsedMs(memory.last.at, now)));
}

/** The place whose turn it is; the next one has its turn a share of the period later. */
export function takePlace(memory: RoundMemory, { places, periodMs }: Round, now: number): string {
  const index = memory.index % places.length;
  memory.index = index + 1;
  memory.last = { at: now, waitMs: periodMs / places.length };
  return places[index]!;
}

/** From 0 to 1, always the same for a name. */
function fractionOf(name: string): number {
  return createHash('sha256').update(name).digest().readUInt32BE(0) / 2 ** 32;
}
