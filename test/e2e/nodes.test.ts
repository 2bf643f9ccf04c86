import { createConnection } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connect, type Client } from '@pgherd/kube/client';
import {
  endpointSlices,
  nodes,
  podDisruptionBudgets,
  pods,
  services,
  silentLogger,
  deployments,
} from '@pgherd/kube/objects';
import type { Pod, Toleration } from '@pgherd/kube/objects';
import { connectEngine, probeHost } from '@pgherd/local/engine';
import { fetchKubectl } from '../../scripts/fetch-kubectl.ts';
import { eventually } from '../support/eventually.ts';
import { LocalCluster } from '../support/local-cluster.ts';
import { clusterManifest } from '../support/manifests.ts';
import { Writer } from '../support/writer.ts';
import { pgherd, removeInstance, run, suiteHome, type Finished } from '../support/instance.ts';
import { ensureNodeImage, IMAGE } from '../machine/node-lab.ts';

/** Three nodes without an operator: what breaks nodes, and what Kubernetes does then. The tests follow each other. */
const home = suiteHome('nodes');
const kubeconfig = join(home, 'kubeconfig');
const HOST = 'kubernetes.io/hostname';
let client: Client;

const local = async (...args: string[]): Promise<string> => {
  const { code, stdout, stderr } = await run(pgherd, ['local', ...args, '--home', home]);
  if (code !== 0) throw new Error(`pgherd local ${args.join(' ')} ended with ${code}: ${stderr}`);
  return stdout;
};
const kubectl = (suite: 'bookworm' | 'trixie', ...args: string[]): Promise<Finished> =>
  run(
    fetchKubectl(suite),
    ['--kubeconfig', kubeconfig, '--cache-dir', join(home, `cache-${suite}`), ...args],
    {
      timeoutMs: 60_000,
    },
  );

const all = async (): Promise<Pod[]> =>
  (await client.list(pods, { namespace: 'default', labelSelector: 'app=web' })).items;
const isReady = ({ metadata, status }: Pod): boolean =>
  metadata.deletionTimestamp === undefined &&
  status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') === true;
/** Node by node, the pods that are ready and stay. */
const spread = async (): Promise<Record<string, string>> =>
  Object.fromEntries(
    (await all()).filter(isReady).map(({ spec, metadata }) => [spec?.nodeName ?? '', metadata.name ?? '']),
  );
const allThree = (): Promise<Record<string, string>> =>
  eventually('each node has a pod that is ready', async () => {
    const now = await spread();
    return Object.keys(now).length === 3 ? now : undefined;
  });
const addressOf = async (name: string): Promise<string> =>
  (await client.get(pods, { namespace: 'default', name })).status?.podIP ?? '';
const condition = async (name: string): Promise<string | undefined> =>
  (await client.get(nodes, { name })).status?.conditions?.find(({ type }) => type === 'Ready')?.status;
/** Says its name to whoever connects. */
const SERVER =
  '$s = IO::Socket::INET->new(LocalPort => 8080, Listen => 9, ReuseAddr => 1) or die $!;' +
  'while (1) { $c = $s->accept or next; print $c "$ENV{HOSTNAME} to " . $c->peerhost; close $c }';
const CLIENT =
  '$s = IO::Socket::INET->new(PeerAddr => shift, PeerPort => shift, Timeout => 2) or die "lost: $!"; print <$s>';
/** What a server says to a pod that connects to it. */
const fetchFrom = (from: string, host: string, port: number): Promise<Finished> =>
  kubectl('trixie', 'exec', from, '--', 'perl', '-MIO::Socket::INET', '-e', CLIENT, host, String(port));
/** Whether a TCP connection from this machine comes about. */
const reaches = (host: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = createConnection({ host, port: 8080, timeout: 1500 });
    const end = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', () => end(true));
    socket.once('timeout', () => end(false));
    socket.once('error', () => end(false));
  });
const containersOn = async (node: string, container: string): Promise<number> => {
  const filters = [
    '--filter',
    `label=pgherd.dev/node=${node}`,
    '--filter',
    `label=pgherd.dev/container=${container}`,
  ];
  return (await run('podman', ['ps', '-q', ...filters])).stdout.trim().split('\n').filter(Boolean).length;
};

/** What `pgherd local up` said. */
let broughtUp: string;

beforeAll(async () => {
  await removeInstance(home);
  broughtUp = await local('up', '--no-operator', '--nodes', '3', '--zones', 'a,b', '--node-grace', '4');
  ({ client } = await connect({ kubeconfig }));
  const { facts } = await probeHost();
  const engine = await connectEngine({ home, facts, log: silentLogger });
  await ensureNodeImage(engine);
  engine.close();
  const labels = { app: 'web' };
  const soon = (key: string): Toleration => ({
    key,
    operator: 'Exists',
    effect: 'NoExecute',
    tolerationSeconds: 1,
  });
  await client.create(deployments, {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace: 'default' },
    spec: {
      replicas: 3,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          terminationGracePeriodSeconds: 1,
          tolerations: ['not-ready', 'unreachable'].map((each) => soon(`node.kubernetes.io/${each}`)),
          topologySpreadConstraints: [
            {
              maxSkew: 1,
              topologyKey: HOST,
              whenUnsatisfiable: 'DoNotSchedule',
              labelSelector: { matchLabels: labels },
            },
          ],
          containers: [
            {
              name: 'web',
              image: IMAGE,
              command: ['perl', '-MIO::Socket::INET', '-e', SERVER],
              readinessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1 },
              volumeMounts: [{ name: 'data', mountPath: '/data' }],
            },
          ],
          volumes: [{ name: 'data', emptyDir: {} }],
        },
      },
    },
  });
  await client.create(services, {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web', namespace: 'default' },
    spec: { selector: labels, ports: [{ port: 80, targetPort: 8080 }] },
  });
  await client.create(podDisruptionBudgets, {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name: 'web', namespace: 'default' },
    spec: { minAvailable: 2, selector: { matchLabels: labels } },
  });
});
afterAll(async () => {
  client?.close();
  await removeInstance(home);
});

test('the nodes that were added are told', () => {
  expect(broughtUp).toContain('added nodes pgherd-2, pgherd-3\n');
});

test('pods spread over the nodes, and reach each other and Services by name from each', async () => {
  const { items } = await client.list(nodes);
  expect(
    items.map(({ metadata }) => [metadata.name, metadata.labels?.['topology.kubernetes.io/zone']]),
  ).toEqual([
    ['pgherd', 'a'],
    ['pgherd-2', 'b'],
    ['pgherd-3', 'a'],
  ]);
  const placed = await allThree();
  const [from, to] = [placed['pgherd']!, placed['pgherd-3']!];
  const [own, address] = [await addressOf(from), await addressOf(to)];
  // The server sees the pod's own address, not that of its node.
  expect(await fetchFrom(from, address, 8080)).toMatchObject({ code: 0, stdout: `${to} to ${own}` });
  for (const pod of Object.values(placed)) {
    const answer = await fetchFrom(pod, 'web.default.svc.cluster.local', 80);
    expect(Object.values(placed)).toContain(answer.stdout.split(' ')[0]);
  }
});

test('a node that is cut off: lost for the others, while its containers go on; healed, it is as before', async () => {
  const before = await allThree();
  const lost = before['pgherd-3']!;
  const address = await addressOf(lost);
  expect(await reaches(address)).toBe(true);
  await local('node', 'cut', 'pgherd-3');
  expect(await reaches(address)).toBe(false);
  expect((await fetchFrom(before['pgherd']!, address, 8080)).stderr).toContain('lost:');
  expect((await fetchFrom(lost, 'localhost', 8080)).stderr).toContain('error dialing backend');
  await eventually('nobody knows of the node', async () => (await condition('pgherd-3')) === 'Unknown');
  await eventually('its pod serves no longer', async () => {
    const { items } = await client.list(endpointSlices, {
      namespace: 'default',
      labelSelector: 'kubernetes.io/service-name=web',
    });
    const serving = items.flatMap(({ endpoints }) => endpoints.filter(({ conditions }) => conditions?.ready));
    return serving.length === 2 && !serving.some(({ addresses }) => addresses?.includes(address));
  });
  await eventually('its pod waits for its end', async () => {
    const pod = await client.get(pods, { namespace: 'default', name: lost });
    return pod.metadata.deletionTimestamp !== undefined;
  });
  const waiting = await eventually('the next one waits for a place', async () =>
    (await all())
      .flatMap(({ status }) => status?.conditions ?? [])
      .find(({ reason }) => reason === 'Unschedulable'),
  );
  expect(waiting.message).toContain('0/3 nodes are available: 1 node(s) had untolerated taint');
  expect(await containersOn('pgherd-3', 'web')).toBe(1);

  await local('node', 'heal', 'pgherd-3');
  const after = await allThree();
  expect(after['pgherd-3']).not.toBe(lost);
  expect([after['pgherd'], after['pgherd-2']]).toEqual([before['pgherd'], before['pgherd-2']]);
  const { items } = await client.list(nodes);
  expect(items.flatMap(({ spec }) => spec?.taints ?? [])).toEqual([]);
});

test('power off and on: the containers are gone without a word, and start again', async () => {
  const name = 'steady';
  const at = { namespace: 'default', name };
  // It tolerates a silent node for 300 seconds, as every pod does that says nothing else.
  await client.create(pods, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: at,
    spec: {
      nodeSelector: { [HOST]: 'pgherd-3' },
      terminationGracePeriodSeconds: 1,
      containers: [{ name: 'steady', image: IMAGE, command: ['sleep', 'infinity'] }],
    },
  });
  await eventually('it runs', async () => isReady(await client.get(pods, at)));
  expect(await containersOn('pgherd-3', 'steady')).toBe(1);
  await local('node', 'stop', 'pgherd-3');
  expect(await containersOn('pgherd-3', 'steady')).toBe(0);
  expect((await client.get(pods, at)).status?.containerStatuses?.[0]?.state?.running).toBeDefined();
  await local('node', 'start', 'pgherd-3');
  await eventually('it runs again', async () => {
    const now = await client.get(pods, at);
    return isReady(now) && now.status?.containerStatuses?.[0]?.restartCount === 1;
  });
  await client.delete(pods, at);
});

test.each([
  ['bookworm', 'pgherd-2', 'pgherd-3'],
  ['trixie', 'pgherd-3', 'pgherd-2'],
] as const)('drain with the kubectl of %s: pods go one budget at a time', async (suite, first, second) => {
  await allThree();
  const flags = ['--ignore-daemonsets', '--delete-emptydir-data'];
  const refused = await kubectl(suite, 'drain', first, '--ignore-daemonsets');
  expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('--delete-emptydir-data')]);
  // kubectl 1.20 asks for definitions of v1beta1 first, which no Kubernetes serves any more.
  const how = suite === 'bookworm' ? 'client' : 'server';
  const dry = await kubectl(suite, 'drain', first, ...flags, `--dry-run=${how}`);
  expect([dry.code, dry.stderr]).toEqual([0, expect.anything()]);
  expect(Object.keys(await spread())).toHaveLength(3);

  const drained = await kubectl(suite, 'drain', first, ...flags);
  expect([drained.code, drained.stderr]).toEqual([0, expect.anything()]);
  const next = await kubectl(suite, 'drain', second, ...flags, '--timeout=2s');
  expect(next.code).toBe(1);
  expect(next.stderr).toContain("Cannot evict pod as it would violate the pod's disruption budget");
  for (const node of [first, second]) expect((await kubectl(suite, 'uncordon', node)).code).toBe(0);
  await allThree();
});

test('drain of the node of a primary: it finishes, the role has moved before, nothing acknowledged is lost', async () => {
  await client.delete(deployments, { namespace: 'default', name: 'web' });
  const cluster = await LocalCluster.join('nodes', { enable_pod_antiaffinity: 'true' });
  const name = 'acid-nodes';
  let writer: Writer | undefined;
  try {
    await cluster.apply(clusterManifest({ name, instances: 3, synchronous: true }));
    await cluster.waitForStatus(name, 'Running', 120_000);
    const before = await cluster.primary(name);
    const node = before.spec?.nodeName ?? '';
    writer = new Writer(await cluster.address(name, 'zalando', 'foo'), 20);
    await writer.start();
    await eventually('the writer writes', () => writer!.count >= 20);

    const drained = await kubectl('trixie', 'drain', node, '--ignore-daemonsets', '--delete-emptydir-data');
    expect([drained.code, drained.stderr]).toEqual([0, expect.anything()]);
    const after = await cluster.primary(name);
    expect([after.metadata.name, after.spec?.nodeName]).not.toEqual([before.metadata.name, node]);
    expect(after.spec?.nodeName).not.toBe(node);
    const count = writer.count;
    await eventually('the writer goes on', () => writer!.count >= count + 20);
    const { lost, report } = await writer.stopAndFindLost();
    expect(lost).toEqual([]);
    console.log(`drain of the primary's node: longest gap of a writer ${report.longestGapMs} ms`);
    expect((await kubectl('trixie', 'get', 'events')).stdout).toContain(`node ${node} is being drained`);
    expect((await kubectl('trixie', 'uncordon', node)).code).toBe(0);
    // Its volume is on that node.
    await cluster.waitForStatus(name, 'Running', 120_000);
  } finally {
    await writer?.stop();
    cluster.close();
  }
});
