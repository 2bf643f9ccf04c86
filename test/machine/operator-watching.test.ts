import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { defaultConfiguration, type Configuration, type PostgresqlStatus } from '@pgherd/api';
import {
  configMaps,
  events,
  leases,
  secrets,
  services,
  statefulSets,
  type KubeObject,
  type ResourceType,
} from '@pgherd/kube/objects';
import { finalizer, postgresqls, rbacObjects } from '@pgherd/operator';
import { afterEach, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { OperatorLab } from '../support/operator-lab.ts';
import { PlayedCluster } from '../support/played-cluster.ts';

/** Whose clusters an operator looks after, in which namespaces, what becomes of them without a manifest, and who leads. */

const account = 'postgres-operator';

let lab: OperatorLab;

afterEach(() => lab.stop());

/** What is printed for an operator of these namespaces that runs in `default`. */
function rbac(watched: string): KubeObject[] {
  const configuration = { ...defaultConfiguration(), watched_namespace: watched };
  const duties = {
    configuration,
    named: new Set<never>(),
    own: 'default',
    origin: { type: 'defaults' },
  } as const;
  return rbacObjects(duties, account).map(({ object }) => object);
}

function namespaceObject(name: string): KubeObject {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
}

interface ClusterOptions {
  namespace?: string;
  annotations?: Record<string, string>;
}

async function createCluster(name: string, { namespace = 'default', annotations = {} }: ClusterOptions = {}) {
  await lab.client.create(postgresqls, {
    metadata: { namespace, name, annotations },
    spec: { teamId: 'acid', numberOfInstances: 1, postgresql: { version: '17' }, volume: { size: '1Gi' } },
  });
  const played = new PlayedCluster(lab.client, name, 'endpoints', namespace);
  lab.stopLater(() => played.stop());
}

const find = (name: string, namespace = 'default') => lab.client.find(postgresqls, { namespace, name });

async function word(name: string, namespace = 'default'): Promise<string | undefined> {
  return ((await find(name, namespace))?.['status'] as PostgresqlStatus | undefined)?.PostgresClusterStatus;
}

const running = (name: string, namespace = 'default') =>
  eventually(`${namespace}/${name} runs`, async () => (await word(name, namespace)) === 'Running');

const exists = async (resource: ResourceType, name: string) =>
  (await lab.client.find(resource, { namespace: 'default', name })) !== undefined;

async function told(reason: string): Promise<string[]> {
  const { items } = await lab.client.list(events, { namespace: 'default' });
  return items.filter((event) => event.reason === reason).map(({ message }) => message ?? '');
}

test('of several namespaces, one that may not be read holds up no other, and is watched as soon as it may be', async () => {
  lab = await OperatorLab.start([namespaceObject('a'), namespaceObject('b'), ...rbac('a')]);
  await createCluster('acid-demo', { namespace: 'a' });
  await createCluster('acid-demo', { namespace: 'b' });
  const operator = lab.operate({}, { namespace: 'b,a' });
  const port = await operator.port;
  await running('acid-demo', 'a');
  const ready = await fetch(`http://127.0.0.1:${port}/readyz`);
  expect(ready.status).toBe(200);
  expect(await ready.text()).toContain(
    'not watching b: no right to list, watch, patch postgresqls.acid.zalan.do in namespace b',
  );
  expect(await word('acid-demo', 'b')).toBeUndefined();

  await lab.create(rbac('a,b'));
  await running('acid-demo', 'b');
});

test('an operator that may work nowhere does not start, and says what it lacks', async () => {
  lab = await OperatorLab.start([namespaceObject('a'), namespaceObject('b'), ...rbac('a')]);
  const { ended } = lab.operate({}, { namespace: 'b' });
  await expect(ended).rejects.toThrow(/list, watch, create, patch, delete secrets in namespace b/);
});

test('two operators side by side: each has its own clusters and its own lease, and neither touches what is foreign', async () => {
  lab = await OperatorLab.start(rbac('default'));
  // All that a cluster would call its own, made by somebody else.
  const named = (name: string) => ({ metadata: { namespace: 'default', name } });
  const spec = { selector: { app: 'shop' }, ports: [{ name: 'web', port: 80 }] };
  const foreign: [ResourceType, KubeObject][] = [
    [services, { ...named('acid-taken'), spec }],
    [configMaps, { ...named('acid-one-config'), data: { a: 'b' } }],
    [secrets, { ...named('acid-one-tls'), stringData: { a: 'b' } }],
  ];
  const before: KubeObject[] = [];
  for (const [resource, object] of foreign) {
    before.push(await lab.client.create(resource, object, { fieldManager: 'shop' }));
  }

  const one = lab.operate({}, { env: {}, identity: 'one' });
  const other = lab.operate({}, { env: { CONTROLLER_ID: 'Second' }, identity: 'other' });
  await Promise.all([one.port, other.port]);
  const annotations = { 'acid.zalan.do/controller': 'Second' };
  await createCluster('acid-one');
  await createCluster('acid-other', { annotations });
  await createCluster('acid-taken');
  await createCluster('acid-nobody', { annotations: { 'acid.zalan.do/controller': 'third' } });
  await Promise.all([running('acid-one'), running('acid-other')]);
  expect([one.sql.length > 0, other.sql.length > 0]).toEqual([true, true]);
  expect(await word('acid-nobody')).toBeUndefined();
  expect(await exists(statefulSets, 'acid-nobody')).toBe(false);
  const { items } = await lab.client.list(leases, { namespace: 'default' });
  const held = items.map(({ metadata, spec }) => [
    metadata.name?.replace(/-[0-9a-f]{8}$/, ''),
    spec?.holderIdentity,
  ]);
  expect(Object.fromEntries(held)).toEqual({ 'pgherd-operator': 'one', 'pgherd-operator-second': 'other' });

  await eventually('what stands in the way is told', async () =>
    (await told('Services')).some((message) =>
      message.includes('service acid-taken in namespace default exists already'),
    ),
  );
  await lab.client.delete(postgresqls, { namespace: 'default', name: 'acid-taken' });
  await lab.client.delete(postgresqls, { namespace: 'default', name: 'acid-one' });
  await eventually(
    'both are gone',
    async () => (await find('acid-taken')) === undefined && (await find('acid-one')) === undefined,
  );
  for (const [index, [resource, object]] of foreign.entries()) {
    const { namespace, name = '' } = object.metadata;
    expect(await lab.client.get(resource, { ...(namespace && { namespace }), name })).toEqual(before[index]);
  }
  await running('acid-other');
});

test('finalizer and owners come and go with the configuration', async () => {
  lab = await OperatorLab.start(rbac('default'));
  const operateWith = async (changes: Partial<Configuration>) => {
    const operator = lab.operate(changes);
    await operator.port;
    return operator;
  };
  const traits = async () => {
    const manifest = await find('acid-demo');
    const lists = await Promise.all(
      [statefulSets as ResourceType, services].map((resource) =>
        lab.client.get(resource, { namespace: 'default', name: 'acid-demo' }),
      ),
    );
    const isOwned = ({ metadata }: KubeObject) =>
      metadata.ownerReferences?.some(({ kind }) => kind === 'postgresql') === true;
    return [manifest?.metadata.finalizers?.includes(finalizer) === true, ...lists.map(isOwned)];
  };
  const become = (what: string, wanted: boolean[]) =>
    eventually(what, async () => JSON.stringify(await traits()) === JSON.stringify(wanted));

  await createCluster('acid-demo');
  let operator = await operateWith({});
  await running('acid-demo');
  await become('finalizer, no owner', [true, false, false]);
  await operator.stop();
  operator = await operateWith({ enable_finalizers: false, enable_owner_references: true });
  await become('no finalizer, owner', [false, true, true]);
  await operator.stop();
  // Nobody wrote it, so the cluster keeps what it has.
  operator = await operateWith({ enable_owner_references: false });
  await become('no finalizer, no owner', [false, false, false]);
  await operator.stop();
  operator = await operateWith({ enable_owner_references: true, delete_annotation_name_key: 'delete' });
  await become('only the finalizer protects what is owned', [true, true, true]);
  await operator.stop();
});

test('without finalizer a cluster goes with its manifest, but not without consent, and not while nobody looks', async () => {
  lab = await OperatorLab.start(rbac('default'));
  const changes = { enable_finalizers: false, delete_annotation_name_key: 'delete-cluster' };
  const operator = lab.operate(changes);
  await operator.port;
  for (const name of ['acid-plain', 'acid-down']) await createCluster(name, { annotations: {} });
  await createCluster('acid-sure', { annotations: { 'delete-cluster': 'acid-sure' } });
  await Promise.all(['acid-plain', 'acid-down', 'acid-sure'].map((name) => running(name)));
  expect((await find('acid-sure'))?.metadata.finalizers ?? []).toEqual([]);

  await lab.client.delete(postgresqls, { namespace: 'default', name: 'acid-sure' });
  await eventually(
    'it is gone',
    async () => !(await exists(statefulSets, 'acid-sure')) && !(await exists(services, 'acid-sure')),
  );

  await lab.client.delete(postgresqls, { namespace: 'default', name: 'acid-plain' });
  await eventually('what is missing is told', async () =>
    (await told('Delete')).some(
      (message) =>
        message.includes('delete-cluster=acid-plain') && message.includes('make the manifest again'),
    ),
  );
  expect(await exists(statefulSets, 'acid-plain')).toBe(true);
  await createCluster('acid-plain');
  await running('acid-plain');

  await operator.stop();
  await lab.client.delete(postgresqls, { namespace: 'default', name: 'acid-down' });
  await lab.operate({ enable_finalizers: false }).port;
  await eventually('what was left behind is told', async () =>
    (await told('Leftover')).some((message) => message.includes('there is no postgresql default/acid-down')),
  );
  expect(await exists(statefulSets, 'acid-down')).toBe(true);
  expect(await exists(services, 'acid-down')).toBe(true);
});

test('a leader that is killed is succeeded by one that waits', async ({ annotate }) => {
  lab = await OperatorLab.start(rbac('default'));
  const script = fileURLToPath(new URL('../support/operator-process.ts', import.meta.url));
  const kubeconfig = lab.kubernetes.kubeconfigOf('default', account);
  const child = spawn(process.execPath, ['--no-warnings', script, kubeconfig, 'first'], { stdio: 'ignore' });
  const exited = new Promise((resolve) => child.once('exit', resolve));
  const leader = async () =>
    (await lab.client.find(leases, { namespace: 'default', name: 'pgherd-operator' }))?.spec?.holderIdentity;
  await eventually('the first leads', async () => (await leader()) === 'first');
  const second = lab.operate({}, { identity: 'second' });
  await second.port;
  child.kill('SIGKILL');
  const killed = performance.now();
  await exited;
  await createCluster('acid-demo');
  await eventually('the second leads', async () => (await leader()) === 'second');
  await annotate(`taken over after ${((performance.now() - killed) / 1000).toFixed(1)} s`);
  await running('acid-demo');

  // Who is asked to end gives the lease away.
  await second.stop();
  expect(await leader()).toBe('');
});
