import type { PostgresqlStatus } from '@pgherd/api';
import type { Client } from '@pgherd/kube/client';
import * as kube from '@pgherd/kube/objects';
import type { ConfigMap, KubeObject, Pod, Secret } from '@pgherd/kube/objects';
import { postgresqls } from '@pgherd/operator';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { OperatorLab } from '../support/operator-lab.ts';
import { PlayedCluster } from '../support/played-cluster.ts';

/** What reaches the pods from elsewhere than the manifest, against the real API server; Patroni is played. */

const name = 'acid-demo';
const key = { namespace: 'default', name };

type Cluster = KubeObject & { status?: PostgresqlStatus };

let lab: OperatorLab;
let client: Client;

beforeEach(async () => {
  lab = await OperatorLab.start();
  ({ client } = lab);
});

afterEach(() => lab.stop());

async function create(spec: object = {}): Promise<PlayedCluster> {
  await client.create(postgresqls, {
    metadata: key,
    spec: {
      teamId: 'acid',
      numberOfInstances: 2,
      postgresql: { version: '17' },
      volume: { size: '1Gi' },
      ...spec,
    },
  });
  const played = new PlayedCluster(client, name, 'endpoints');
  lab.stopLater(() => played.stop());
  return played;
}

const read = async () => (await client.get(postgresqls, key)) as Cluster;

const until = (word: string) =>
  eventually(`status ${word}`, async () => {
    const { metadata, status } = await read();
    return status?.PostgresClusterStatus === word && status.observedGeneration === metadata.generation;
  });

const untilProgress = (text: string) =>
  eventually(`progress: ${text}`, async () => {
    const progressing = (await read()).status?.conditions?.find(({ type }) => type === 'Progressing');
    return progressing?.message.includes(text) === true;
  });

/** Whether every pod has a variable of this name, and with this value where one is given. */
async function havePods(variable: string, value?: string): Promise<boolean> {
  const { items } = await client.list<Pod>(kube.pods, { namespace: 'default' });
  const found = items.map(({ spec }) => spec?.containers[0]?.env?.find((each) => each.name === variable));
  return (
    items.length === 2 && found.every((each) => each !== undefined && (value ?? each.value) === each.value)
  );
}

test('variables of all pods: waited for, then taken, and a change replaces the pods one by one', async () => {
  lab.operate({
    pod_environment_secret: 'keys',
    pod_environment_configmap: { namespace: 'default', name: 'shared' },
  });
  const played = await create();
  await untilProgress('waiting until Secret keys (pod_environment_secret) and ConfigMap default/shared');
  expect(await client.find(kube.statefulSets, key)).toBeUndefined();

  await client.create<Secret>(kube.secrets, {
    metadata: { namespace: 'default', name: 'keys' },
    stringData: { ARCHIVE_KEY: 'TOPSECRET' },
  });
  await untilProgress('waiting until ConfigMap default/shared');
  await client.create<ConfigMap>(kube.configMaps, {
    metadata: { namespace: 'default', name: 'shared' },
    data: { ARCHIVE: 'one', '1st': 'no name of a variable' },
  });
  await until('Running');
  expect(await havePods('ARCHIVE', 'one')).toBe(true);
  expect(await havePods('ARCHIVE_KEY')).toBe(true);
  expect(await havePods('1st')).toBe(false);

  await client.patch(
    kube.configMaps,
    { namespace: 'default', name: 'shared' },
    {
      type: 'merge',
      body: { data: { ARCHIVE: 'two' } },
    },
  );
  await eventually('pods with the new value', () => havePods('ARCHIVE', 'two'));
  await until('Running');
  expect(played.primaries).toEqual([`${name}-0`, `${name}-1`]);

  // Without the Secret the pods that run are good enough, and it is said what is waited for.
  await client.delete(kube.secrets, { namespace: 'default', name: 'keys' });
  await untilProgress('waiting until Secret keys (pod_environment_secret) exists');
  expect(await havePods('ARCHIVE_KEY')).toBe(true);
});

test('a cluster becomes a standby and is promoted again by its manifest', async () => {
  lab.operate({});
  const played = await create();
  await until('Running');
  const change = (standby: object | null) =>
    client.patch(postgresqls, key, { type: 'merge', body: { spec: { standby } } });
  await change({ standby_host: 'far.example.org', standby_port: '5433' });
  await eventually('the section', async () => 'standby_cluster' in ((await played.configuration()) ?? {}));
  expect(await played.configuration()).toMatchObject({
    standby_cluster: { host: 'far.example.org', port: '5433' },
  });
  await change(null);
  await eventually(
    'the promotion',
    async () => !('standby_cluster' in ((await played.configuration()) ?? {})),
  );
  await until('Running');
});
