import type { Client } from '@pgherd/kube/client';
import { silentLogger, systemClock, type KubeObject } from '@pgherd/kube/objects';
import { patroniClient } from '@pgherd/patroni';
import { expect, test } from 'vitest';
import { kinds } from '../kinds.ts';
import { render } from '../render/render.ts';
import { testConfiguration, testManifest, testRemembered } from '../testing/cluster.ts';
import { Reconciler } from './reconciler.ts';

const hands = {
  patroni: patroniClient,
  database: { bringInLine: async () => ({ done: [], postponed: [], problems: [] }), look: async () => [] },
  written: () => {},
};

const quiet = {
  askPatroni: patroniClient,
  story: { normal: () => {}, warning: () => {} },
  log: silentLogger,
  clock: systemClock,
};

/** A pass over a new cluster's manifest in an empty world; answers what was written. */
async function pass(controllerId: string, annotations: Record<string, string>): Promise<string[]> {
  const wrote: string[] = [];
  const write = async (kind: { kind: string }, object: KubeObject) => {
    wrote.push(`${kind.kind} ${object.metadata.name}`);
    return object;
  };
  const client = {
    list: async () => ({ metadata: {}, items: [] }),
    create: write,
    apply: write,
    patch: async () => testManifest(),
    patchStatus: async () => testManifest(),
  } as unknown as Client;
  const manifest = testManifest();
  const reconciler = new Reconciler({
    settings: () => ({ configuration: testConfiguration(), named: new Set() }),
    controllerId,
    manifest: () => ({ ...manifest, metadata: { ...manifest.metadata, annotations } }),
    source: { get: () => undefined, ofCluster: () => [] },
    ...quiet,
    hands: { ...hands, client },
    newPassword: () => 'x',
  });
  await reconciler.reconcile('default/acid-demo', new AbortController().signal);
  return wrote;
}

const forSecond = { 'acid.zalan.do/controller': 'second' };

test('an operator looks after the manifests that name it, or that name none if it has no name', async () => {
  expect(await pass('', {})).toContain('StatefulSet acid-demo');
  expect(await pass('second', forSecond)).toContain('StatefulSet acid-demo');
  expect(await pass('', forSecond)).toEqual([]);
  expect(await pass('second', {})).toEqual([]);
});

test("a Secret of Patroni's own roles that is deleted is made again with the password that the database has", async () => {
  const manifest = testManifest({ users: { app: [] } });
  const configuration = testConfiguration();
  const input = { manifest, configuration, remembered: testRemembered() };
  const secrets = render(input).flatMap(({ kind, object }) =>
    kind === kinds.secret ? [object.metadata.name ?? ''] : [],
  );
  const encoded = (text: string) => Buffer.from(text).toString('base64');
  let live: KubeObject[] = secrets.map((name) => ({
    metadata: { namespace: 'default', name },
    data: { username: encoded(name.split('.')[0] ?? ''), password: encoded(`old ${name}`) },
  }));
  const created = new Map<string, unknown>();
  const write = async (_kind: unknown, object: KubeObject) => {
    const { password } = (object['data'] ?? {}) as Record<string, string>;
    if (password !== undefined)
      created.set(object.metadata.name ?? '', Buffer.from(password, 'base64').toString());
    return object;
  };
  const client = {
    list: async () => ({ metadata: {}, items: [] }),
    create: write,
    apply: write,
    patch: async () => manifest,
    patchStatus: async () => manifest,
  } as unknown as Client;
  const reconciler = new Reconciler({
    ...quiet,
    settings: () => ({ configuration, named: new Set() }),
    controllerId: '',
    manifest: () => manifest,
    source: { get: () => undefined, ofCluster: (kind) => (kind === kinds.secret ? live : []) },
    hands: { ...hands, client },
    newPassword: () => 'new',
  });
  const { signal } = new AbortController();
  await reconciler.reconcile('default/acid-demo', signal);
  expect(created.size).toBe(0);
  live = [];
  await reconciler.reconcile('default/acid-demo', signal);
  expect(Object.fromEntries(created)).toEqual(
    Object.fromEntries(secrets.map((name) => [name, name.startsWith('app.') ? 'new' : `old ${name}`])),
  );
});

test("a cluster whose manifest another operator's deletion takes away is not called left over", async () => {
  const told: string[] = [];
  const statefulSet = { metadata: { namespace: 'default', name: 'acid-demo', uid: 'a' } };
  const run = async (...annotations: (Record<string, string> | undefined)[]) => {
    let at: Record<string, string> | undefined;
    const manifest = testManifest();
    const reconciler = new Reconciler({
      ...quiet,
      story: { normal: () => {}, warning: (_about, reason) => told.push(reason) },
      settings: () => ({ configuration: testConfiguration(), named: new Set() }),
      controllerId: '',
      manifest: () => at && { ...manifest, metadata: { ...manifest.metadata, annotations: at } },
      source: {
        get: () => undefined,
        ofCluster: (kind) => (kind === kinds.statefulSet ? [statefulSet] : []),
      },
      hands: { ...hands, client: {} as Client },
      newPassword: () => 'x',
    });
    for (at of annotations) await reconciler.reconcile('default/acid-demo', new AbortController().signal);
  };
  await run(undefined);
  expect(told.splice(0)).toEqual(['Leftover']);
  await run(forSecond, undefined, undefined);
  expect(told).toEqual([]);
});
