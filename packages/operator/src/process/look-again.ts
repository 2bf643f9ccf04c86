import { readStatus, type Postgresql } from '@pgherd/api';
import { sleep } from '@pgherd/kube/client';
import { elapsedMs, type Clock } from '@pgherd/kube/objects';
import type { Settings } from '../settings.ts';

/** What the periodic looking works with. */
export interface LookAgainOptions {
  clock: Clock;
  settings: () => Settings;
  manifests: () => Postgresql[];
  enqueue: (key: string) => void;
  signal: AbortSignal;
}

/** A period that was changed is taken within this time. */
const longestSleepMs = 5_000;

/**
 * Looks at all clusters once in `resync_period`, and once in `repair_period` at those that are not as they should be,
 * although nothing seems to have changed. A period of 0 means never.
 */
export async function lookAgain(options: LookAgainOptions): Promise<void> {
  const { clock, settings, manifests, enqueue, signal } = options;
  const last = { resync: clock.now(), repair: clock.now() };
  while (!signal.aborted) {
    const { resync_period: resync, repair_period: repair } = settings().configuration;
    const now = clock.now();
    const isDue = (since: number, period: number) => period > 0 && elapsedMs(since, now) >= period;
    if (isDue(last.resync, resync)) {
      last.resync = now;
      last.repair = now;
      for (const manifest of manifests()) enqueue(keyOf(manifest));
    } else if (isDue(last.repair, repair)) {
      last.repair = now;
      for (const manifest of manifests().filter(isInTrouble)) enqueue(keyOf(manifest));
    }
    const waits = [longestSleepMs, due(last.resync, resync, now), due(last.repair, repair, now)];
    await sleep(Math.min(...waits), signal, clock).catch(() => {});
  }
}

function due(since: number, period: number, now: number): number {
  return period > 0 ? Math.max(1, since + period - now) : Infinity;
}

function isInTrouble({ status }: Postgresql): boolean {
  return readStatus(status).PostgresClusterStatus !== 'Running';
}

function keyOf({ metadata }: Postgresql): string {
  return `${metadata.namespace ?? ''}/${metadata.name}`;
}
