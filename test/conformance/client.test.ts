import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { watchedCache } from '@pgherd/kube/cache';
import { connect, createClient, isAlreadyExists, isConflict, isNotFound } from '@pgherd/kube/client';
import type { Client } from '@pgherd/kube/client';
import {
  configMaps,
  customResourceDefinitions,
  events,
  leases,
  namespaces,
  pods,
  secrets,
  serviceAccounts,
} from '@pgherd/kube/objects';
import type {
  ConfigMap,
  CustomResourceDefinition,
  KubeObject,
  ResourceType,
  WatchEvent,
} from '@pgherd/kube/objects';
import { EventRecorder, LeaderElector } from '@pgherd/kube/runtime';
import { useCluster } from '../support/cluster.ts';
import { eventually } from '../support/eventually.ts';

// A name of its own for each run, so that what a killed run left behind is in nobody's way.
const run = randomBytes(4).toString('hex');
const namespace = `pgherd-client-${run}`;
let client: Client;

beforeAll(async () => {
  const { kubeconfigPath } = await useCluster();
  ({ client } = await connect({ kubeconfig: kubeconfigPath }));
  await client.create(namespaces, { metadata: { name: namespace } });
});
afterAll(async () => {
  await client?.delete(namespaces, { name: namespace }, { ignoreNotFound: true });
  client?.close();
});

const key = (name: string): { namespace: string; name: string } => ({ namespace, name });
const item = (name: string, data: Record<string, string> = {}): ConfigMap => ({ metadata: key(name), data });

test('create, get, update, conflict, delete', async () => {
  const created = await client.create(configMaps, item('crud', { a: '1' }));
  expect(created.metadata.uid).toBeTruthy();
  await expect(client.create(configMaps, item('crud'))).rejects.toSatisfy(isAlreadyExists);
  const updated = await client.update(configMaps, { ...created, data: { a: '2' } });
  expect(updated.metadata.resourceVersion).not.toBe(created.metadata.resourceVersion);
  await expect(client.update(configMaps, { ...created, data: { a: '3' } })).rejects.toSatisfy(isConflict);
  expect((await client.get(configMaps, key('crud'))).data).toEqual({ a: '2' });
  const stale = { resourceVersion: created.metadata.resourceVersion ?? '' };
  await expect(client.delete(configMaps, key('crud'), { preconditions: stale })).rejects.toSatisfy(
    isConflict,
  );
  await client.delete(configMaps, key('crud'), { preconditions: { uid: created.metadata.uid ?? '' } });
  await expect(client.get(configMaps, key('crud'))).rejects.toSatisfy(isNotFound);
  expect(await client.find(configMaps, key('crud'))).toBeUndefined();
  await client.delete(configMaps, key('crud'), { ignoreNotFound: true });
});

test('generateName, dry run, what is invalid says which field', async () => {
  const named = await client.create(configMaps, { metadata: { namespace, generateName: 'made-' } });
  expect(named.metadata.name).toMatch(/^made-.+/);
  await client.create(configMaps, item('dry'), { dryRun: true });
  expect(await client.find(configMaps, key('dry'))).toBeUndefined();
  await expect(client.create(configMaps, item('Not_A_Name'))).rejects.toMatchObject({
    code: 422,
    reason: 'Invalid',
    message: expect.stringContaining('metadata.name') as string,
  });
});

test('JSON, merge and strategic merge patches', async () => {
  await client.create(configMaps, item('patched', { a: '1', b: '2' }));
  const patch = async (change: Parameters<Client['patch']>[2]): Promise<ConfigMap['data']> =>
    (await client.patch(configMaps, key('patched'), change)).data;
  expect(await patch({ type: 'json', operations: [{ op: 'replace', path: '/data/a', value: '9' }] })).toEqual(
    { a: '9', b: '2' },
  );
  expect(await patch({ type: 'merge', body: { data: { b: null, c: '3' } } })).toEqual({ a: '9', c: '3' });
  expect(await patch({ type: 'strategic', body: { data: { a: null } } })).toEqual({ c: '3' });
  const wrong = { type: 'json' as const, operations: [{ op: 'test', path: '/data/c', value: 'x' }] };
  await expect(client.patch(configMaps, key('patched'), wrong)).rejects.toMatchObject({ code: 422 });
});

test('server-side apply: creates, removes what is left out, conflicts, takes over by force', async () => {
  const first = await client.apply(configMaps, item('applied', { a: '1', b: '2' }));
  expect(first.metadata.managedFields?.map(({ manager, operation }) => [manager, operation])).toEqual([
    ['pgherd', 'Apply'],
  ]);
  expect((await client.apply(configMaps, item('applied', { a: '1' }))).data).toEqual({ a: '1' });
  const theirs = { fieldManager: 'somebody' };
  const error: unknown = await client
    .apply(configMaps, item('applied', { a: '5' }), theirs)
    .catch((thrown: unknown) => thrown);
  expect(isConflict(error)).toBe(true);
  expect(String(error)).toContain('pgherd');
  const forced = await client.apply(configMaps, item('applied', { a: '5' }), { ...theirs, force: true });
  expect(forced.data).toEqual({ a: '5' });
  const again = await client.apply(configMaps, item('applied', { a: '5' }), theirs);
  expect(again.metadata.resourceVersion).toBe(forced.metadata.resourceVersion);
});

test('lists page by page, by label and by field', async () => {
  for (let i = 0; i < 7; i++) {
    await client.create(configMaps, {
      metadata: { ...key(`page-${i}`), labels: { parity: i % 2 === 0 ? 'even' : 'odd', list: 'pages' } },
    });
  }
  const all = await client.list(configMaps, { namespace, labelSelector: 'list=pages', pageSize: 3 });
  expect(all.items.map(({ metadata }) => metadata.name)).toEqual(
    [0, 1, 2, 3, 4, 5, 6].map((i) => `page-${i}`),
  );
  expect(all.items.every(({ kind, apiVersion }) => kind === 'ConfigMap' && apiVersion === 'v1')).toBe(true);
  const odd = await client.list(configMaps, { namespace, labelSelector: 'list=pages,parity in (odd)' });
  expect(odd.items).toHaveLength(3);
  const one = await client.list(configMaps, { namespace, fieldSelector: 'metadata.name=page-4' });
  expect(one.items.map(({ metadata }) => metadata.name)).toEqual(['page-4']);
  const nonsense = { namespace, fieldSelector: 'spec.nonsense=1' };
  await expect(client.list(configMaps, nonsense)).rejects.toMatchObject({ code: 400 });
  await client.deleteCollection(configMaps, { namespace, labelSelector: 'parity=odd' });
  expect((await client.list(configMaps, { namespace, labelSelector: 'list=pages' })).items).toHaveLength(4);
});

test('a watch tells of additions, changes and deletions from a position on', async () => {
  const { metadata } = await client.list(configMaps, { namespace });
  const selection = { namespace, labelSelector: 'watched=yes' };
  const labels = { watched: 'yes' };
  const big = 'é'.repeat(400_000);
  const created = await client.create(configMaps, { metadata: { ...key('seen'), labels }, data: { big } });
  await client.create(configMaps, item('not-seen'));
  await client.update(configMaps, { ...created, data: { small: '1' } });
  // Out of the selection is a deletion for this watch.
  await client.patch(configMaps, key('seen'), {
    type: 'merge',
    body: { metadata: { labels: { watched: null } } },
  });
  const told: WatchEvent<ConfigMap>[] = [];
  const options = { ...selection, resourceVersion: metadata.resourceVersion ?? '', timeoutSeconds: 60 };
  for await (const event of client.watch(configMaps, options)) {
    if (event.type !== 'BOOKMARK') told.push(event);
    if (told.length === 3) break;
  }
  expect(told.map(({ type, object }) => [type, object.metadata.name])).toEqual([
    ['ADDED', 'seen'],
    ['MODIFIED', 'seen'],
    ['DELETED', 'seen'],
  ]);
  expect(told[0]?.object.data?.['big']).toBe(big);
});

test('a cache follows what happens, also to a resource that is defined later', async () => {
  const group = `g${run}.pgherd.test`;
  const widgets: ResourceType<KubeObject & { spec?: { size?: number } }> = {
    group,
    version: 'v1',
    plural: 'widgets',
    kind: 'Widget',
    namespaced: true,
  };
  const stop = new AbortController();
  const { cache, run: follow } = watchedCache({ client, resource: widgets, selection: { namespace } });
  const following = follow(stop.signal);
  const definition: CustomResourceDefinition = {
    metadata: { name: `widgets.${group}` },
    spec: {
      group,
      scope: 'Namespaced',
      names: { plural: 'widgets', singular: 'widget', kind: 'Widget', listKind: 'WidgetList' },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          subresources: { status: {} },
          schema: {
            openAPIV3Schema: {
              type: 'object',
              properties: {
                spec: { type: 'object', properties: { size: { type: 'integer', default: 1 } } },
                status: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
              },
            },
          },
        },
      ],
    },
  };
  try {
    await client.create(customResourceDefinitions, definition);
    await cache.synced;
    const made = await eventually('the resource is served', () =>
      client.create(widgets, { metadata: key('w'), spec: { unknown: 'x' } as object }),
    );
    expect(made['spec']).toEqual({ size: 1 });
    const patched = await client.patchStatus(widgets, key('w'), {
      type: 'merge',
      body: { status: { phase: 'Fine' } },
    });
    expect(patched['status']).toEqual({ phase: 'Fine' });
    const signal = AbortSignal.timeout(30_000);
    const seen = await cache.waitFor(key('w'), (object) => object?.['status'] !== undefined, signal);
    expect(seen?.metadata.generation).toBe(1);
    await client.applyStatus(widgets, { metadata: key('w'), status: { phase: 'Better' } }, { force: true });
    await cache.waitFor(
      key('w'),
      (object) => (object?.['status'] as { phase?: string } | undefined)?.phase === 'Better',
      signal,
    );
    await client.delete(widgets, key('w'));
    await cache.waitFor(key('w'), (object) => object === undefined, signal);
  } finally {
    stop.abort();
    await following;
    await client.delete(customResourceDefinitions, { name: `widgets.${group}` }, { ignoreNotFound: true });
  }
});

test('access reviews and service account tokens: the token is let in as that account and no further', async () => {
  expect(
    (await client.canI({ verb: 'create', resource: 'pods', subresource: 'exec', namespace })).allowed,
  ).toBe(true);
  await client.create(serviceAccounts, { metadata: key('robot') });
  const { token, expirationTimestamp } = await client.createToken(key('robot'), { expirationSeconds: 3600 });
  expect(Date.parse(expirationTimestamp)).toBeGreaterThan(Date.now());
  const { kubeconfigPath } = await useCluster();
  const { connection } = await connect({ kubeconfig: kubeconfigPath });
  const credentials = { get: async () => ({ headers: { authorization: `Bearer ${token}` } }) };
  const robot = createClient({ ...connection, credentials });
  expect((await robot.canI({ verb: 'get', resource: 'secrets', namespace })).allowed).toBe(false);
  await expect(robot.list(secrets, { namespace })).rejects.toMatchObject({ code: 403, reason: 'Forbidden' });
  const stranger = createClient({
    ...connection,
    credentials: { get: async () => ({ headers: { authorization: 'Bearer nonsense' } }) },
  });
  await expect(stranger.list(secrets, { namespace })).rejects.toMatchObject({ code: 401 });
  robot.close();
  stranger.close();
});

test('a pod that does not exist has no logs and runs nothing', async () => {
  await expect(client.logs(key('nobody'))).rejects.toSatisfy(isNotFound);
  await expect(client.exec(key('nobody'), { command: ['true'] })).rejects.toSatisfy(isNotFound);
  await expect(client.get(pods, key('nobody'))).rejects.toMatchObject({
    reason: 'NotFound',
    message: 'pods "nobody" not found',
  });
});

test('discovery by raw requests', async () => {
  const version = await client.raw<{ major: string }>('GET', '/version');
  expect(version.major).toBe('1');
  const core = await client.raw<{ resources: { name: string }[] }>('GET', '/api/v1');
  expect(core.resources.map(({ name }) => name)).toContain('pods/exec');
});

test('leader election on a real Lease: a stopped leader is succeeded', async () => {
  const candidate = (identity: string) => {
    const elector = new LeaderElector({
      client,
      namespace,
      name: 'election',
      identity,
      leaseDurationMs: 3_000,
      renewDeadlineMs: 2_000,
      retryPeriodMs: 200,
    });
    const stop = new AbortController();
    const leading = Promise.withResolvers<void>();
    const running = elector.run(stop.signal, async (signal) => {
      leading.resolve();
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    });
    return { leading: leading.promise, stop: () => stop.abort(), running };
  };
  const first = candidate('first');
  await first.leading;
  const second = candidate('second');
  first.stop();
  await first.running;
  await second.leading;
  const lease = await client.get(leases, key('election'));
  expect(lease.spec?.holderIdentity).toBe('second');
  expect(lease.spec?.leaseTransitions).toBeGreaterThanOrEqual(2);
  second.stop();
  await second.running;
});

test('events: stored, counted, found by what they are about', async () => {
  const about = await client.create(configMaps, item('eventful'));
  const recorder = new EventRecorder({ client, component: 'pgherd-test' });
  for (let i = 0; i < 3; i++) recorder.event(about, 'Normal', 'Tested', 'it works');
  await recorder.flush();
  const found = await client.list(events, { namespace, fieldSelector: `involvedObject.name=eventful` });
  expect(found.items.map(({ reason, count }) => [reason, count])).toEqual([['Tested', 3]]);
});
