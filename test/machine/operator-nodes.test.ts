import type { PostgresqlStatus } from '@pgherd/api';
import * as kube from '@pgherd/kube/objects';
import type { KubeObject } from '@pgherd/kube/objects';
import { postgresqls } from '@pgherd/operator';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { OperatorLab } from '../support/operator-lab.ts';
import { PlayedCluster } from '../support/played-cluster.ts';
import { PlayedNodes } from '../support/played-nodes.ts';

/** Nodes that are cordoned: the API server is real, kubelets, scheduler and Patroni are played. */

const name = 'acid-demo';
const key = { namespace: 'default', name };

let lab: OperatorLab;
let played: PlayedCluster;
let nodes: PlayedNodes;

beforeEach(async () => {
  lab = await OperatorLab.start();
});
afterEach(() => lab.stop());

async function begin(instances: number): Promise<void> {
  nodes = new PlayedNodes(lab.client, name);
  lab.stopLater(() => nodes.stop());
  for (const node of ['a', 'b', 'c']) await nodes.make(node);
  await lab.client.create(postgresqls, {
    metadata: key,
    spec: {
      teamId: 'acid',
      numberOfInstances: instances,
      postgresql: { version: '17' },
      volume: { size: '1Gi' },
    },
  });
  played = new PlayedCluster(lab.client, name, 'endpoints');
  lab.stopLater(() => played.stop());
  await untilRunning();
  await eventually('all have a node', async () => {
    const now = Object.values(await nodes.places());
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
  expect(await nodes.places()).toEqual({ 'acid-demo-0': 'a', 'acid-demo-1': 'b' });
  expect(played.primaries).toEqual(['acid-demo-0']);

  await nodes.cordon('a');
  await untilPrimary('acid-demo-1');
  await untilRunning();
  // The replica is left to the drain.
  expect(await nodes.places()).toEqual({ 'acid-demo-0': 'a', 'acid-demo-1': 'b' });

  await nodes.cordon('b');
  await eventually(
    'the replica is on the node that stays',
    async () => (await nodes.places())['acid-demo-0'] === 'c',
  );
  await untilPrimary('acid-demo-0');
  await untilRunning();
  expect(await nodes.places()).toEqual({ 'acid-demo-0': 'c', 'acid-demo-1': 'b' });
  const { items } = await lab.client.list(kube.events, { namespace: 'default' });
  expect(items.map(({ message }) => message)).toContainEqual(
    expect.stringContaining('node b is being drained'),
  );
});

test('a single instance is made again on a node that stays, and left alone while there is none', async () => {
  lab.operate();
  await begin(1);
  const [before] = await nodes.members();
  await nodes.cordon('b');
  await nodes.cordon('c');
  await nodes.cordon('a');
  // Its volume is not there.
  await nodes.make('d', 'other');
  await eventually('it waits for a node', async () =>
    (await status())?.steps?.some(({ waitFor }) => waitFor?.startsWith('another node can take acid-demo-0')),
  );
  expect((await nodes.members())[0]?.metadata.uid).toBe(before?.metadata.uid);
  await nodes.cordon('c', false);
  await eventually('it is there', async () => (await nodes.places())['acid-demo-0'] === 'c');
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
  await nodes.cordon('a');
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
