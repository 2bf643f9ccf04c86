import type { KubeObject, WatchEvent } from '@pgherd/kube/objects';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openRegistry, type LocalRegistry } from './open-registry.ts';

const configMaps = { group: '', version: 'v1', plural: 'configmaps' };

let registry: LocalRegistry;

beforeEach(() => {
  registry = openRegistry({ path: ':memory:' });
});
afterEach(() => registry.close());

const code = (expected: number) => expect.objectContaining({ code: expected });

function configMap(name: string, rest: Partial<KubeObject> = {}): KubeObject {
  return registry.create(configMaps, 'default', { metadata: { name }, data: { a: 'b' }, ...rest });
}

/** Lets everything that waits for the end of the current call stack happen. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

test('a watch sees objects enter and leave its selector, and deletions with a version of their own', async () => {
  const seen: string[] = [];
  const watch = registry.watch(
    configMaps,
    { namespace: 'default', labelSelector: 'a=b' },
    ({ type, object }) => seen.push(`${type} ${object.metadata.name} ${object.metadata.resourceVersion}`),
  );
  const base = registry.revision();
  configMap('x');
  registry.patch(configMaps, 'default', 'x', 'application/merge-patch+json', {
    metadata: { labels: { a: 'b' } },
  });
  registry.patch(configMaps, 'default', 'x', 'application/merge-patch+json', {
    metadata: { labels: { a: 'c' } },
  });
  registry.create(configMaps, 'default', { metadata: { name: 'y', labels: { a: 'b' } } });
  registry.delete(configMaps, 'default', 'y');
  await settled();
  expect(seen).toEqual([
    `ADDED x ${base + 2}`,
    `DELETED x ${base + 3}`,
    `ADDED y ${base + 4}`,
    `DELETED y ${base + 5}`,
  ]);
  watch.close();
});

test('a watch that writes in its own callback still gets every event once and in order', async () => {
  const seen: string[] = [];
  registry.watch(
    configMaps,
    { namespace: 'default', resourceVersion: String(registry.revision()) },
    (event) => {
      seen.push(event.object.metadata.name ?? '');
      if (seen.length < 4) configMap(`n${seen.length}`);
    },
  );
  configMap('n0');
  await settled();
  expect(seen).toEqual(['n0', 'n1', 'n2', 'n3']);
});

test('a watch goes on from any version of the window and is refused below', async () => {
  const from = String(registry.revision());
  configMap('x');
  registry.delete(configMaps, 'default', 'x');
  const seen: string[] = [];
  registry.watch(configMaps, { resourceVersion: from }, ({ type }) => seen.push(type));
  await settled();
  expect(seen).toEqual(['ADDED', 'DELETED']);
  expect(() => registry.watch(configMaps, { resourceVersion: '999999' }, () => {})).toThrow(code(504));
});

test('sendInitialEvents ends with the marked bookmark', async () => {
  configMap('x');
  const seen: WatchEvent[] = [];
  const options = { namespace: 'default', sendInitialEvents: true, allowBookmarks: true };
  registry.watch(configMaps, options, (event) => seen.push(event));
  await settled();
  expect(seen.map((e) => e.type)).toEqual(['ADDED', 'BOOKMARK']);
  expect(seen[1]?.object.metadata.annotations).toEqual({ 'k8s.io/initial-events-end': 'true' });
});
