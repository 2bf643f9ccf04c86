import type { PostgresqlStatus } from '@pgherd/api';
import * as kube from '@pgherd/kube/objects';
import type { KubeObject, Pod } from '@pgherd/kube/objects';
import { postgresqls } from '@pgherd/operator';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { OperatorLab } from '../support/operator-lab.ts';
import { PlayedCluster } from '../support/played-cluster.ts';

/** Nodes that are cordoned: the API server is real, kubelets, scheduler and Patroni are played. */

const name = 'acid-demo';
const key = { namespace: 'default', name };

let lab: OperatorLab;
let played: PlayedCluster;

beforeEach(async () => {
  lab = await OperatorLab.start();
});
afterEach(() => lab.stop());

/** The volumes of this Kubernetes can only be used on the host `played`: all nodes call themselves so. */
async function makeNode(node: string, host = 'played'): Promise<void> {
  await lab.client.create(kube.nodes, {
    metadata: { name: node, labels: { 'kubernetes.io/hostname': host } },
  });
}

const cordon = (node: string, unschedulable = true) =>
  lab.client.patch(kube.nodes, { name: node }, { type: 'merge', body: { spec: { unschedulable } } });

const members = async (): Promise<Pod[]> =>
  (await lab.client.list(kube.pods, { namespace: 'default', labelSelector: `cluster-name=${name}` })).items;

/** Where members are, by name. */
async function places(): Promise<Record<string, string>> {
  const all = await members();
  return Object.fromEntries(all.map(({ metadata, spec }) => [metadata.name ?? '', spec?.nodeName ?? '']));
}

/** Puts each new pod on the first node that is not cordoned and has none. */
async function schedule(): Promise<void> {
  const all = await members();
  const { items } = await lab.client.list(kube.nodes);
  for (const { metadata, spec } of all) {
    if (spec?.nodeName !== undefined || metadata.deletionTimestamp !== undefined) continue;
    const used = new Set(Object.values(await places()));
    const node = items
      .filter((each) => each.spec?.unschedulable !== true)
      .map((each) => each.metadata.name ?? '')
      .sort()
      .find((each) => !used.has(each));
    if (node === undefined) continue;
    await lab.client.raw('POST', `/api/v1/namespaces/default/pods/${metadata.name}/binding`, {
      body: {
        apiVersion: 'v1',
        kind: 'Binding',
        metadata: { name: metadata.name },
        target: { apiVersion: 'v1', kind: 'Node', name: node },
      },
    });
  }
}

function playScheduler(): void {
  const end = new AbortController();
  const turns = (async () => {
    while (!end.signal.aborted) {
      // Somebody wrote in between; the next turn sees it.
      await schedule().catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  })();
  lab.stopLater(async () => {
    end.abort();
    await turns;
  });
}

async function begin(instances: number): Promise<void> {
  for (const node of ['a', 'b', 'c']) await makeNode(node);
  await lab.client.create(postgresqls, {
    metadata: key,
    spec: {
      teamId: 'acid',
      numberOfInstances: instances,
      postgresql: { version: '17' },
      volume: { size: '1Gi' },
    },
  });
  playScheduler();
  played = new PlayedCluster(lab.client, name, 'endpoints');
  lab.stopLater(() => played.stop());
  await untilRunning();
  await eventually('all have a node', async () => {
    const now = Object.values(await places());
    return now.length === instances && now.every((node) => node !== '');
  });
}

const status = async () =>
  ((await lab.client.get(postgresqls, key)) as KubeObject & { status?: PostgresqlStatus }).status;
const untilRunning = () =>
  eventually('it runs', async () => (await status())?.PostgresClusterStatus === 'Running');
const untilPrimary = (pod: string) =>
  eventually(
    `${pod} is primary`,
    async () => played.primaries.at(-1) === pod && (await status())?.primary === pod,
  );

test('the role leaves a cordoned node; when all members are on such nodes, a replica is made again elsewhere first', async () => {
  lab.operate();
  await begin(2);
  expect(await places()).toEqual({ 'acid-demo-0': 'a', 'acid-demo-1': 'b' });
  expect(played.primaries).toEqual(['acid-demo-0']);

  await cordon('a');
  await untilPrimary('acid-demo-1');
  await untilRunning();
  // The replica is left to the drain.
  expect(await places()).toEqual({ 'acid-demo-0': 'a', 'acid-demo-1': 'b' });

  await cordon('b');
  await eventually(
    'the replica is on the node that stays',
    async () => (await places())['acid-demo-0'] === 'c',
  );
  await untilPrimary('acid-demo-0');
  await untilRunning();
  expect(await places()).toEqual({ 'acid-demo-0': 'c', 'acid-demo-1': 'b' });
  const { items } = await lab.client.list(kube.events, { namespace: 'default' });
  expect(items.map(({ message }) => message)).toContainEqual(
    expect.stringContaining('node b is being drained'),
  );
});

test('a single instance is made again on a node that stays, and left alone while there is none', async () => {
  lab.operate();
  await begin(1);
  const [before] = await members();
  await cordon('b');
  await cordon('c');
  await cordon('a');
  // Its volume is not there.
  await makeNode('d', 'other');
  await eventually('it waits for a node', async () =>
    (await status())?.steps?.some(({ waitFor }) => waitFor?.startsWith('another node can take acid-demo-0')),
  );
  expect((await members())[0]?.metadata.uid).toBe(before?.metadata.uid);
  await cordon('c', false);
  await eventually('it is there', async () => (await places())['acid-demo-0'] === 'c');
  await untilRunning();
});

test('with the label of fit nodes, cordoned ones that have it keep their primaries', async () => {
  lab.operate({ node_readiness_label: { 'lifecycle-status': 'ready' } });
  await begin(2);
  const mark = (value: string | null) =>
    lab.client.patch(
      kube.nodes,
      { name: 'a' },
      { type: 'merge', body: { metadata: { labels: { 'lifecycle-status': value } } } },
    );
  await mark('ready');
  await cordon('a');
  await lab.client.patch(postgresqls, key, { type: 'merge', body: { spec: { users: { other: [] } } } });
  await eventually('a pass has gone by', async () => {
    const object = await lab.client.get(postgresqls, key);
    return (await status())?.observedGeneration === object.metadata.generation;
  });
  await untilRunning();
  expect(played.primaries).toEqual(['acid-demo-0']);
  await mark(null);
  await untilPrimary('acid-demo-1');
});
