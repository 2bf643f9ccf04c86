import { events } from '@pgherd/kube/objects';
import type { Event } from '@pgherd/kube/objects';
import type { RunOptions, Running } from './controller.ts';
import { Objects } from './objects.ts';

/** Events are forgotten so long after they last happened, in milliseconds: Kubernetes' default. */
const TTL_MS = 60 * 60 * 1000;
const INTERVAL_MS = 5 * 60 * 1000;

/** Deletes events whose time is over, now and every few minutes. */
export function runEventExpiry({ registry, clock, log }: RunOptions): Running {
  const objects = new Objects(registry);
  let cancel = (): void => {};
  const pass = (): void => {
    try {
      expireEvents(objects, clock.now());
    } catch (err) {
      log.warn({ err }, 'expiry of events failed');
    }
    cancel = clock.after(INTERVAL_MS, pass);
  };
  pass();
  return {
    stop() {
      cancel();
      return Promise.resolve();
    },
  };
}

/** Deletes the events that are over at `now` (milliseconds since 1970). */
export function expireEvents(objects: Objects, now: number): void {
  for (const event of objects.list(events)) {
    if (lastSeen(event) + TTL_MS < now) objects.delete(events, event);
  }
}

function lastSeen(event: Event): number {
  const times = [
    event.series?.lastObservedTime,
    event.lastTimestamp,
    event.eventTime,
    event.metadata.creationTimestamp,
  ];
  // No time at all: it is not known to be old.
  return (
    Math.max(...times.map((time) => Date.parse(time ?? '')).filter((time) => !Number.isNaN(time)), 0) ||
    Infinity
  );
}
