// oxlint-disable vitest/expect-expect -- `cluster.until` asserts.
import { endpoints, endpointSlices, events, leases, nodes, pods, services } from '@pgherd/kube/objects';
import type { Lease, Node, Pod, Taint, Toleration } from '@pgherd/kube/objects';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { timestamp } from '../objects.ts';
import { TestCluster } from '../test-cluster.ts';
import { stateOf } from './conditions.ts';
import { drivingFrom } from './taints.ts';
import { drivenOutAt } from './tolerance.ts';

let graceMs: number;
let cluster: TestCluster;

beforeEach(async () => {
  graceMs = 40_000;
  cluster = await TestCluster.start({ nodes: { graceMs: () => graceMs } });
});
afterEach(() => cluster.close());

const addNode = (name: string): void => {
  const condition = { type: 'Ready', status: 'True', reason: 'KubeletReady', message: '' };
  cluster.objects.create(nodes, {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels: { 'kubernetes.io/hostname': name } },
    status: { conditions: [condition] },
  });
};
/** The node's agent is alive. */
const renew = (name: string): void => {
  const spec = {
    holderIdentity: name,
    renewTime: new Date(cluster.clock.now()).toISOString().replace('Z', '000Z'),
  };
  const metadata = { name, namespace: 'kube-node-lease' };
  const lease: Lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata, spec };
  const known = cluster.objects.get(leases, 'kube-node-lease', name);
  if (known === undefined) cluster.objects.create(leases, lease);
  else cluster.objects.update(leases, { ...known, spec });
};
/** The node's agent says that all is well. */
const report = (name: string): void => {
  const node = cluster.objects.get(nodes, undefined, name)!;
  const condition = { type: 'Ready', status: 'True', lastHeartbeatTime: timestamp(cluster.clock.now()) };
  cluster.objects.updateStatus(nodes, { ...node, status: { ...node.status, conditions: [condition] } });
};
const make = (name: string, nodeName: string, tolerations: Toleration[] = []): void => {
  cluster.objects.create(pods, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default', labels: { app: 'web' } },
    spec: { nodeName, tolerations, containers: [{ name: 'c', image: 'i', ports: [{ containerPort: 80 }] }] },
  });
  cluster.run(name);
};
const node = (name: string): Node => cluster.objects.get(nodes, undefined, name)!;
const taints = (name: string): string[] =>
  (node(name).spec?.taints ?? []).map(
    ({ key, effect }) => `${key.replace('node.kubernetes.io/', '')}:${effect}`,
  );
const isReady = (name: string): string | undefined =>
  cluster.pod(name).status?.conditions?.find(({ type }) => type === 'Ready')?.status;
const patchNode = (name: string, body: object): void => {
  cluster.registry.patch(nodes, undefined, name, 'application/merge-patch+json', body);
};
const told = (reason: string): string[] =>
  cluster.objects
    .list(events, 'default')
    .flatMap((event) => (event.reason === reason ? [event.message ?? ''] : []));
/** Time passes in which only these nodes are heard of. */
const pass = async (ms: number, ...alive: string[]): Promise<void> => {
  for (let left = ms; left > 0; left -= 10_000) {
    cluster.clock.leap(Math.min(left, 10_000));
    for (const name of alive) renew(name);
    await cluster.settled();
  }
};

test('a node that falls silent: unknown, tainted, its pods not ready and out of the endpoints, then driven away', async () => {
  for (const name of ['a', 'b']) {
    addNode(name);
    renew(name);
  }
  cluster.objects.create(services, {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web', namespace: 'default' },
    spec: { selector: { app: 'web' }, ports: [{ port: 80 }] },
  });
  make('on-a', 'a');
  make('on-b', 'b');
  const serving = (): number =>
    cluster.objects.get(endpoints, 'default', 'web')?.subsets?.flatMap(({ addresses = [] }) => addresses)
      .length ?? 0;
  await cluster.until(serving, 2);

  await pass(30_000, 'b');
  expect(stateOf(node('a'), 'Ready')).toBe('True');
  await pass(20_000, 'b');
  await cluster.until(() => stateOf(node('a'), 'Ready'), 'Unknown');
  expect(node('a').status?.conditions?.[0]).toMatchObject({
    reason: 'NodeStatusUnknown',
    message: 'Kubelet stopped posting node status.',
  });
  await cluster.until(() => taints('a'), ['unreachable:NoSchedule', 'unreachable:NoExecute']);
  await cluster.until(() => [isReady('on-a'), isReady('on-b'), serving()], ['False', 'True', 1]);
  const slices = cluster.objects.list(endpointSlices, 'default', {
    labels: { 'kubernetes.io/service-name': 'web' },
  });
  expect(
    slices
      .flatMap((slice) => slice.endpoints?.map(({ conditions }) => String(conditions?.ready)) ?? [])
      .sort(),
  ).toEqual(['false', 'true']);
  expect(told('NodeNotReady')).toEqual(
    expect.arrayContaining(['Node is not ready', 'Node a status is now: NodeNotReady']),
  );

  // Admission gave the pod 300 seconds. Its object stays: nobody knows whether its containers have ended.
  await pass(250_000, 'b');
  expect(cluster.pods()).toEqual({ 'on-a': 'Running', 'on-b': 'Running' });
  await pass(60_000, 'b');
  await cluster.until(() => cluster.pods(), { 'on-a': 'Terminating', 'on-b': 'Running' });
  const target = cluster.pod('on-a').status?.conditions?.find(({ type }) => type === 'DisruptionTarget');
  expect(target?.reason).toBe('DeletionByTaintManager');
  await pass(100_000, 'b');
  expect(cluster.pods()).toMatchObject({ 'on-a': 'Terminating' });
});

test('a node that comes back in time loses its taints, and its pods stay', async () => {
  for (const name of ['a', 'b']) {
    addNode(name);
    renew(name);
  }
  make('p', 'a');
  await pass(100_000, 'b');
  await cluster.until(() => taints('a').length, 2);
  renew('a');
  report('a');
  await cluster.until(() => taints('a'), []);
  await cluster.until(() => told('TaintManagerEviction'), ['Cancelling deletion of Pod default/p']);
  await pass(400_000, 'a', 'b');
  expect(cluster.pods()).toEqual({ p: 'Running' });
});

test('when no node at all is heard of, nobody is driven away', async () => {
  addNode('a');
  addNode('b');
  make('p', 'a');
  await pass(1_000_000);
  await cluster.until(() => taints('a'), ['unreachable:NoSchedule']);
  expect(stateOf(node('b'), 'Ready')).toBe('Unknown');
  expect(cluster.pods()).toEqual({ p: 'Running' });
});

test('a restart does not take the silence meanwhile for a death', async () => {
  addNode('a');
  renew('a');
  cluster.clock.leap(500_000);
  await cluster.restart();
  await cluster.settled();
  expect(stateOf(node('a'), 'Ready')).toBe('True');
});

test('a shorter grace holds for a node that is silent already', async () => {
  addNode('a');
  addNode('b');
  renew('a');
  await cluster.settled();
  await pass(10_000, 'b');
  expect(stateOf(node('a'), 'Ready')).toBe('True');
  graceMs = 4_000;
  await pass(10_000, 'b');
  await cluster.until(() => stateOf(node('a'), 'Ready'), 'Unknown');
});

test('a NoExecute taint drives away at once, or after the time that is tolerated, or never', async () => {
  addNode('a');
  renew('a');
  const key = 'maintenance';
  make('at-once', 'a');
  make('later', 'a', [{ key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 60 }]);
  make('never', 'a', [{ key, operator: 'Exists' }]);
  patchNode('a', { spec: { taints: [{ key, effect: 'NoExecute' }] } });
  await cluster.until(() => cluster.pods(), { 'at-once': 'Terminating', later: 'Running', never: 'Running' });
  await pass(50_000, 'a');
  expect(cluster.pods()).toMatchObject({ later: 'Running' });
  await pass(20_000, 'a');
  await cluster.until(() => cluster.pods(), {
    'at-once': 'Terminating',
    later: 'Terminating',
    never: 'Running',
  });
});

test('a cordoned node has the taint, and taints of others stay', async () => {
  addNode('a');
  const mine: Taint = { key: 'mine', effect: 'NoSchedule' };
  patchNode('a', { spec: { unschedulable: true, taints: [mine] } });
  await cluster.until(() => taints('a'), ['mine:NoSchedule', 'unschedulable:NoSchedule']);
  patchNode('a', { spec: { unschedulable: null } });
  await cluster.until(() => taints('a'), ['mine:NoSchedule']);
});

test('pods of a node that was deleted are given up after a while; a person can say that a node is off', async () => {
  addNode('a');
  addNode('b');
  make('gone', 'a');
  make('off', 'b');
  cluster.registry.delete(nodes, undefined, 'a');
  await pass(30_000, 'b');
  expect(cluster.pods()).toMatchObject({ gone: 'Running' });
  await pass(20_000, 'b');
  await cluster.until(() => cluster.pods(), { off: 'Running' });

  await pass(50_000);
  patchNode('b', { spec: { taints: [{ key: 'node.kubernetes.io/out-of-service', effect: 'NoExecute' }] } });
  await cluster.until(() => cluster.pods(), {});
});

test('evictions pause when most nodes of a zone are lost, unless it is all of them', () => {
  const of = (name: string, zone: string, status: string): Node => ({
    metadata: { name, labels: { 'topology.kubernetes.io/zone': zone } },
    status: { conditions: [{ type: 'Ready', status }] },
  });
  const one = (...states: string[]): Node[] => states.map((state, n) => of(`n${n}`, 'one', state));
  const driving = (all: Node[]): string => drivingFrom(all[0]!, all);
  expect(driving(one('Unknown', 'True', 'True'))).toBe('yes');
  expect(driving(one('Unknown', 'Unknown', 'True'))).toBe('yes');
  expect(driving(one('Unknown', 'Unknown', 'Unknown', 'True'))).toBe('no');
  expect(driving([...one('Unknown', 'Unknown', 'Unknown'), of('other', 'two', 'True')])).toBe('yes');
  expect(driving(one('Unknown', 'False'))).toBe('never');
});

test('the shortest toleration counts, from when the pod came if that is later', () => {
  const pod = (...tolerations: Toleration[]): Pod => ({
    metadata: { name: 'p', creationTimestamp: timestamp(100_000) },
    spec: { containers: [], tolerations },
  });
  const driver = (key: string, since: number): { taint: Taint; since: number } => ({
    taint: { key, effect: 'NoExecute' },
    since,
  });
  const forSeconds = (key: string, tolerationSeconds: number): Toleration => ({
    key,
    operator: 'Exists',
    tolerationSeconds,
  });
  const both = [driver('x', 0), driver('y', 200_000)];
  expect(drivenOutAt(pod(forSeconds('x', 50), forSeconds('y', 10)), both)).toBe(150_000);
  expect(drivenOutAt(pod(forSeconds('x', 500), { key: 'y', operator: 'Exists' }), both)).toBe(600_000);
  expect(drivenOutAt(pod({ operator: 'Exists' }), both)).toBeUndefined();
  expect(drivenOutAt(pod(forSeconds('x', 500)), both)).toBe(200_000);
  expect(drivenOutAt(pod(forSeconds('x', -1), forSeconds('y', 600)), both)).toBe(100_000);
});
