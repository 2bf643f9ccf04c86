import { expect, test, vi } from 'vitest';
import { Cache } from '../cache/index.ts';
import { ApiError, silentLogger } from '../objects/index.ts';
import type { ConfigMap } from '../objects/index.ts';
import { done, requeueAfter } from '../queue/index.ts';
import { Controller, TerminalError } from './controller.ts';
import type { ControllerOptions, Reconciled } from './controller.ts';
import { keyOfController, keyOfLabel, ownKey } from './keys.ts';
import { anyOf, changedIn, specChanged } from './predicates.ts';
import { cacheSource } from './source.ts';
import { ManualClock } from './testing.ts';

const item = (name: string, resourceVersion: string, data: Record<string, string> = {}): ConfigMap => ({
  metadata: { namespace: 'herd', name, resourceVersion, generation: 1, labels: { cluster: 'demo' } },
  data,
});

function start(options: Partial<ControllerOptions> & Pick<ControllerOptions, 'reconcile'>) {
  const clock = new ManualClock();
  const passes: Reconciled[] = [];
  const errors: string[] = [];
  const controller = new Controller({
    name: 'test',
    sources: [],
    clock,
    backoff: { baseMs: 10, maxMs: 1000, jitter: 0 },
    logger: { ...silentLogger, error: (_, message) => errors.push(message) },
    onReconciled: (pass) => passes.push(pass),
    ...options,
  });
  const stop = new AbortController();
  const running = controller.run(stop.signal);
  const end = async (): Promise<void> => {
    stop.abort();
    await running;
  };
  return {
    clock,
    controller,
    passes,
    errors,
    end,
    outcomes: () => passes.map(({ key, outcome }) => `${key} ${outcome}`),
  };
}

test('works on nothing before the caches are synced, then on each key once', async () => {
  const cache = new Cache<ConfigMap>();
  const keys: string[] = [];
  const { clock, end } = start({
    sources: [cacheSource(cache, ownKey)],
    reconcile: (key) => {
      keys.push(key);
      return done;
    },
  });
  cache.upsert(item('a', '1'));
  cache.upsert(item('a', '2'));
  await clock.advance(0);
  expect(keys).toEqual([]);
  cache.replace([item('a', '2'), item('b', '3')]);
  await clock.advance(0);
  expect(keys).toEqual(['herd/a', 'herd/b']);
  await end();
});

test('each outcome: done, later, conflict, terminal, error', async () => {
  const attempts = new Map<string, number>();
  const { clock, controller, errors, outcomes, end } = start({
    workers: 1,
    reconcile: (key) => {
      const attempt = (attempts.get(key) ?? 0) + 1;
      attempts.set(key, attempt);
      if (attempt > 1 || key === 'good') return done;
      if (key === 'later') return requeueAfter(500, 'the pod starts');
      if (key === 'conflict') throw new ApiError(409, 'Conflict', 'modified');
      if (key === 'terminal') throw new TerminalError('the manifest is wrong');
      throw new Error('oops');
    },
  });
  for (const key of ['good', 'later', 'conflict', 'terminal', 'bad']) controller.enqueue(key);
  await clock.advance(0);
  expect(outcomes()).toEqual([
    'good done',
    'later requeueAfter',
    'conflict conflict',
    'terminal terminal',
    'bad error',
  ]);
  expect(errors).toEqual(['terminal: the manifest is wrong (waiting for a change)', 'bad: oops']);
  await clock.advance(10);
  expect(outcomes().slice(5)).toEqual(['conflict done', 'bad done']);
  await clock.advance(490);
  expect(outcomes().slice(7)).toEqual(['later done']);
  await clock.advance(100_000);
  expect(outcomes()).toHaveLength(8);
  await end();
});

test('a predicate lets heartbeats pass without a reconcile; a lost key hears of it', async () => {
  const cache = new Cache<ConfigMap>();
  cache.replace([]);
  const keys: string[] = [];
  const { clock, end } = start({
    sources: [
      cacheSource(
        cache,
        keyOfLabel('cluster'),
        changedIn(({ data, metadata }) => [data?.['leader'], metadata.labels]),
      ),
    ],
    reconcile: (key) => {
      keys.push(key);
      return done;
    },
  });
  cache.upsert(item('a', '1', { leader: 'x', renewTime: '1' }));
  await clock.advance(0);
  cache.upsert(item('a', '2', { leader: 'x', renewTime: '2' }));
  await clock.advance(0);
  expect(keys).toEqual(['herd/demo']);
  cache.upsert(item('a', '3', { leader: 'y', renewTime: '3' }));
  await clock.advance(0);
  expect(keys).toEqual(['herd/demo', 'herd/demo']);
  const moved = item('a', '4');
  cache.upsert({ ...moved, metadata: { ...moved.metadata, labels: { cluster: 'other' } } });
  await clock.advance(0);
  expect(keys.slice(2)).toEqual(['herd/demo', 'herd/other']);
  await end();
});

test('predicates', () => {
  const a = item('a', '1');
  const spec = { ...a, metadata: { ...a.metadata, generation: 2 } };
  expect(specChanged(undefined, a)).toBe(true);
  expect(specChanged(a, undefined)).toBe(true);
  expect(specChanged(a, { ...a, data: { x: 'y' } })).toBe(false);
  expect(specChanged(a, spec)).toBe(true);
  expect(
    anyOf<ConfigMap>(
      specChanged,
      changedIn(({ data }) => data),
    )(a, { ...a, data: { x: 'y' } }),
  ).toBe(true);
});

test('key of the controlling owner, of that group only', () => {
  const owned = (apiVersion: string, controller: boolean): ConfigMap => ({
    metadata: {
      namespace: 'herd',
      name: 'x',
      ownerReferences: [{ apiVersion, kind: 'postgresql', name: 'demo', uid: 'u', controller }],
    },
  });
  const keysOf = keyOfController('postgresql', 'acid.zalan.do');
  expect(keysOf(owned('acid.zalan.do/v1', true))).toEqual(['herd/demo']);
  expect(keysOf(owned('acid.zalan.do/v1', false))).toEqual([]);
  expect(keysOf(owned('other/v1', true))).toEqual([]);
  expect(keysOf(item('x', '1'))).toEqual([]);
});

test('stopping before the caches are synced ends at once; stopping waits for a running pass', async () => {
  const waiting = start({ sources: [cacheSource(new Cache<ConfigMap>(), ownKey)], reconcile: () => done });
  await waiting.end();
  const release = Promise.withResolvers<void>();
  const { controller, end, passes } = start({
    reconcile: async () => {
      await release.promise;
      return done;
    },
  });
  controller.enqueue('a');
  await vi.waitFor(() => expect(controller.queue.length).toBe(0));
  const ended = end();
  release.resolve();
  await ended;
  expect(passes).toHaveLength(1);
});
