import { expect, test } from 'vitest';
import { silentLogger } from '../objects/index.ts';
import type { ConfigMap } from '../objects/index.ts';
import { Cache, keyString, parseKey } from './cache.ts';

const item = (name: string, resourceVersion: string, cluster = 'demo', namespace = 'herd'): ConfigMap => ({
  metadata: { namespace, name, resourceVersion, labels: { cluster } },
});
const byCluster = { cluster: (object: ConfigMap) => Object.values(object.metadata.labels ?? {}) };
const names = (objects: ConfigMap[]): string[] => objects.map(({ metadata }) => metadata.name ?? '');
const never = new AbortController().signal;

test('keys and back', () => {
  expect(keyString({ namespace: 'herd', name: 'a' })).toBe('herd/a');
  expect(keyString({ name: 'node-1' })).toBe('node-1');
  expect(parseKey('herd/a')).toEqual({ namespace: 'herd', name: 'a' });
  expect(parseKey('node-1')).toEqual({ name: 'node-1' });
});

test('found by key, namespace and index; an index follows changes and deletions', () => {
  const cache = new Cache({ indices: byCluster });
  cache.replace([item('a', '1'), item('b', '2', 'other'), item('c', '3', 'demo', 'elsewhere')]);
  expect(cache.get({ namespace: 'herd', name: 'a' })?.metadata.resourceVersion).toBe('1');
  expect(cache.get({ namespace: 'no', name: 'a' })).toBeUndefined();
  expect(names(cache.list('herd'))).toEqual(['a', 'b']);
  expect(names(cache.byIndex('cluster', 'demo'))).toEqual(['a', 'c']);
  cache.upsert(item('a', '4', 'other'));
  expect(names(cache.byIndex('cluster', 'demo'))).toEqual(['c']);
  expect(names(cache.byIndex('cluster', 'other'))).toEqual(['b', 'a']);
  cache.remove(item('b', '5', 'other'));
  expect(names(cache.byIndex('cluster', 'other'))).toEqual(['a']);
  expect(cache.byIndex('cluster', 'nothing')).toEqual([]);
  expect(cache.size).toBe(2);
});

test('an index that does not exist is a mistake of the program; one that throws is logged', () => {
  const errors: string[] = [];
  const logger = { ...silentLogger, error: (_: unknown, message: string) => errors.push(message) };
  const cache = new Cache<ConfigMap>({
    logger,
    indices: {
      broken: () => {
        throw new Error('no');
      },
    },
  });
  cache.upsert(item('a', '1'));
  expect(cache.size).toBe(1);
  expect(errors).toHaveLength(1);
  expect(() => cache.byIndex('nope', 'x')).toThrow('the cache has no index nope');
});

test('objects are frozen to their leaves', () => {
  const cache = new Cache<ConfigMap>();
  cache.upsert(item('a', '1'));
  const found = cache.list()[0];
  expect(() => Object.assign(found?.metadata.labels ?? {}, { x: 'y' })).toThrow(TypeError);
});

test('a listener hears of what is there, and of the same version never again', () => {
  const cache = new Cache<ConfigMap>();
  cache.upsert(item('a', '1'));
  const heard: string[] = [];
  const stop = cache.onChange((old, current) =>
    heard.push(`${old?.metadata.resourceVersion} → ${current?.metadata.resourceVersion}`),
  );
  cache.upsert(item('a', '1'));
  cache.upsert(item('a', '2'));
  cache.remove(item('a', '3'));
  cache.remove(item('a', '3'));
  stop();
  cache.upsert(item('b', '4'));
  expect(heard).toEqual(['undefined → 1', '1 → 2', '2 → undefined']);
});

test('synced after the first complete list, not before', async () => {
  const cache = new Cache<ConfigMap>();
  cache.upsert(item('a', '1'));
  expect(cache.isSynced).toBe(false);
  cache.replace([]);
  await cache.synced;
  expect(cache.isSynced).toBe(true);
});

test('waitFor: at once, later, for absence, or never', async () => {
  const cache = new Cache<ConfigMap>();
  const key = { namespace: 'herd', name: 'a' };
  const appears = cache.waitFor(key, (object) => object !== undefined, never);
  cache.upsert(item('b', '1'));
  cache.upsert(item('a', '2'));
  expect((await appears)?.metadata.resourceVersion).toBe('2');
  await cache.waitFor(key, (object) => object?.metadata.resourceVersion === '2', never);
  const gone = cache.waitFor(key, (object) => object === undefined, never);
  cache.remove(item('a', '3'));
  await gone;
  const stop = new AbortController();
  const waiting = cache.waitFor(key, (object) => object !== undefined, stop.signal);
  stop.abort(new Error('too late'));
  await expect(waiting).rejects.toThrow('too late');
  await expect(cache.waitFor(key, () => true, stop.signal)).rejects.toThrow('too late');
});
