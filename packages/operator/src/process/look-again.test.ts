import { defaultConfiguration, type Postgresql } from '@pgherd/api';
import type { Clock } from '@pgherd/kube/objects';
import { expect, test, vi } from 'vitest';
import { lookAgain } from './look-again.ts';

/** A clock that stands still until it is told to go on. */
function stoppedClock() {
  let now = 0;
  let timers: { at: number; fn: () => void }[] = [];
  const clock: Clock = {
    now: () => now,
    after: (ms, fn) => {
      const timer = { at: now + ms, fn };
      timers.push(timer);
      return () => (timers = timers.filter((each) => each !== timer));
    },
  };
  const goOn = async (ms: number): Promise<void> => {
    for (const end = now + ms; now < end;) {
      now = Math.min(end, ...timers.map(({ at }) => at));
      const due = timers.filter(({ at }) => at <= now);
      timers = timers.filter(({ at }) => at > now);
      for (const { fn } of due) fn();
      await vi.waitFor(() => expect(timers.length).toBeGreaterThan(0));
    }
  };
  /** Timers run on: they do not ask for the time. */
  const setBack = (ms: number): void => {
    now -= ms;
    timers = timers.map((timer) => ({ ...timer, at: timer.at - ms }));
  };
  return { clock, goOn, setBack };
}

function cluster(name: string, word: string): Postgresql {
  const metadata = { namespace: 'a', name };
  return { metadata, spec: { teamId: 'a' }, status: { PostgresClusterStatus: word } } as Postgresql;
}

test('all at each resync, those in trouble at each repair, and a changed period is taken', async () => {
  const { clock, goOn } = stoppedClock();
  const stop = new AbortController();
  const configuration = { ...defaultConfiguration(), resync_period: 60_000, repair_period: 20_000 };
  const keys: string[] = [];
  const ended = lookAgain({
    clock,
    settings: () => ({ configuration, named: new Set() }),
    manifests: () => [cluster('good', 'Running'), cluster('bad', 'CreateFailed')],
    enqueue: (key) => keys.push(key),
    signal: stop.signal,
  });
  await goOn(45_000);
  expect(keys.splice(0)).toEqual(['a/bad', 'a/bad']);
  await goOn(20_000);
  expect(keys.splice(0)).toEqual(['a/good', 'a/bad']);
  configuration.resync_period = 0;
  configuration.repair_period = 0;
  await goOn(300_000);
  expect(keys.splice(0)).toEqual([]);
  configuration.repair_period = 10_000;
  await goOn(5_000);
  expect(keys.splice(0)).toEqual(['a/bad']);
  stop.abort();
  await ended;
});

test('a clock that is set back stops nothing', async () => {
  const { clock, goOn, setBack } = stoppedClock();
  const stop = new AbortController();
  const configuration = { ...defaultConfiguration(), resync_period: 60_000, repair_period: 0 };
  const keys: string[] = [];
  const ended = lookAgain({
    clock,
    settings: () => ({ configuration, named: new Set() }),
    manifests: () => [cluster('well', 'Running')],
    enqueue: (key) => keys.push(key),
    signal: stop.signal,
  });
  await goOn(10_000);
  setBack(3_600_000);
  await goOn(70_000);
  expect(keys).toContain('a/well');
  stop.abort();
  await ended;
});
