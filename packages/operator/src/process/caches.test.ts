import { defaultConfiguration } from '@pgherd/api';
import { Cache } from '@pgherd/kube/cache';
import type { KubeObject, ResourceType } from '@pgherd/kube/objects';
import type { Manager, WatchedSelection } from '@pgherd/kube/runtime';
import { expect, test } from 'vitest';
import { Caches } from './caches.ts';

type Filled = Cache<KubeObject, string>;

/** Caches that the test fills, instead of a watch. */
function playedManager() {
  const made: { plural: string; where: WatchedSelection<KubeObject, string>; cache: Filled }[] = [];
  const cache = (resource: ResourceType, where: WatchedSelection<KubeObject, string>) => {
    const filled: Filled = new Cache(where);
    made.push({ plural: resource.plural, where, cache: filled });
    return filled;
  };
  return { made, manager: { cache } as unknown as Manager };
}

const manifest: KubeObject = { metadata: { namespace: 'a', name: 'acid-demo', resourceVersion: '1' } };

/** What is asked for, whether the namespace was known then, by what was listed last. */
async function passes(last: (made: ReturnType<typeof playedManager>['made'][number]) => boolean) {
  const configuration = { ...defaultConfiguration(), pod_environment_secret: 'shared' };
  const { made, manager } = playedManager();
  const caches = new Caches(manager, configuration, ['a'], 'operator');
  const known: boolean[] = [];
  for (const source of caches.sources()) source.subscribe(() => known.push(caches.isKnown('a')));
  const list = ({ plural, cache }: (typeof made)[number]) =>
    cache.replace(plural === 'postgresqls' ? [manifest] : []);
  for (const each of made.filter((one) => !last(one))) list(each);
  await new Promise(setImmediate);
  const before = [...known];
  for (const each of made.filter(last)) list(each);
  await new Promise(setImmediate);
  return { before, after: known.slice(before.length) };
}

test('a cluster is looked at once all is known, also when what is listed last is empty', async () => {
  const { before, after } = await passes(({ where }) => where.fieldSelector === 'metadata.name=shared');
  expect(before).not.toContain(true);
  expect(after).toContain(true);
});

test('a cluster is looked at once all is known, also when its namespace is listed last', async () => {
  const { before, after } = await passes(({ plural }) => plural === 'postgresqls');
  expect(before).not.toContain(true);
  expect(after).toContain(true);
});

test('a cluster is looked at when what is below its claim is listed later; before, nothing is said of it', async () => {
  const { made, manager } = playedManager();
  const caches = new Caches(manager, defaultConfiguration(), ['a'], 'operator', {
    nodes: false,
    volumes: true,
  });
  const looked: string[] = [];
  for (const source of caches.sources()) source.subscribe((key) => looked.push(key));
  const claim: KubeObject = {
    metadata: {
      namespace: 'a',
      name: 'pgdata-acid-demo-0',
      labels: { application: 'spilo', 'cluster-name': 'acid-demo' },
    },
  };
  const listed: Record<string, KubeObject[]> = {
    postgresqls: [manifest],
    persistentvolumeclaims: [claim],
  };
  const isVolumes = ({ plural }: (typeof made)[number]) => plural === 'persistentvolumes';
  for (const each of made.filter((one) => !isVolumes(one))) each.cache.replace(listed[each.plural] ?? []);
  await new Promise(setImmediate);
  expect(caches.volume('pv')).toBe('unknown');
  looked.length = 0;
  const spec = { claimRef: { namespace: 'a', name: 'pgdata-acid-demo-0', uid: 'u' }, local: { path: '/x' } };
  const volume = { metadata: { name: 'pv', uid: 'v', resourceVersion: '2' }, spec };
  for (const each of made.filter(isVolumes)) each.cache.replace([volume]);
  await new Promise(setImmediate);
  expect(looked).toContain('a/acid-demo');
  expect(caches.volume('pv')).toEqual({
    metadata: volume.metadata,
    spec: { claimRef: { namespace: 'a', name: 'pgdata-acid-demo-0' } },
  });
});
