import type { PostgresqlStatus } from '@pgherd/api';
import { events, persistentVolumeClaims, pods, statefulSets, storageClasses } from '@pgherd/kube/objects';
import { postgresqls } from '@pgherd/operator';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { OperatorLab } from '../support/operator-lab.ts';
import { PlayedCluster } from '../support/played-cluster.ts';

/** Volumes that grow, against the real API server with its controllers; node and Patroni are played. */

const key = { namespace: 'default', name: 'acid-demo' };

let lab: OperatorLab;
beforeEach(async () => {
  lab = await OperatorLab.start();
});
afterEach(() => lab.stop());

async function runCluster(size: string): Promise<PlayedCluster> {
  await lab.client.create(postgresqls, {
    metadata: key,
    spec: { teamId: 'acid', numberOfInstances: 2, postgresql: { version: '17' }, volume: { size } },
  });
  const played = new PlayedCluster(lab.client, key.name, 'endpoints');
  lab.stopLater(() => played.stop());
  await eventually('the cluster runs', async () => (await status()).PostgresClusterStatus === 'Running');
  return played;
}

const status = async (): Promise<PostgresqlStatus> =>
  ((await lab.client.get(postgresqls, key)) as { status?: PostgresqlStatus }).status ?? {};
const resize = (size: string) =>
  lab.client.patch(postgresqls, key, { type: 'merge', body: { spec: { volume: { size } } } });
const podUids = async () =>
  (await lab.client.list(pods, { namespace: 'default' })).items
    .map(({ metadata }) => metadata.uid ?? '')
    .toSorted();
const capacities = async () =>
  (await lab.client.list(persistentVolumeClaims, { namespace: 'default' })).items.map(
    ({ status: claim }) => claim?.capacity?.['storage'],
  );
const told = async (reason: string): Promise<string[]> =>
  (await lab.client.list(events, { namespace: 'default' })).items
    .filter((event) => event.reason === reason && event.involvedObject?.kind === 'postgresql')
    .map(({ message = '' }) => message);

test('a larger size grows all volumes and replaces the StatefulSet, and no pod', async () => {
  lab.operate();
  await runCluster('1Gi');
  const before = await podUids();
  await resize('2Gi');
  await eventually('all claims have grown', async () => {
    const all = await capacities();
    return all.length === 2 && all.every((size) => size === '2Gi');
  });
  await eventually('the StatefulSet has the new size', async () => {
    const set = await lab.client.find(statefulSets, key);
    const [template] = set?.spec?.volumeClaimTemplates ?? [];
    return template?.spec?.resources?.requests?.['storage'] === '2Gi';
  });
  await eventually('the cluster runs', async () => {
    const { PostgresClusterStatus: word, observedGeneration } = await status();
    return word === 'Running' && observedGeneration === 2;
  });
  expect(await podUids()).toEqual(before);
  expect((await told('Volumes')).join()).toContain('spec.volume.size: 1Gi → 2Gi');
});

test('a cluster without a primary grows all the same', async () => {
  lab.operate();
  const played = await runCluster('1Gi');
  await played.stop();
  for (const { metadata } of (await lab.client.list(pods, { namespace: 'default' })).items) {
    const body = {
      metadata: { annotations: { status: JSON.stringify({ state: 'crashed', role: 'replica' }) } },
    };
    await lab.client.patch(pods, { ...key, name: metadata.name ?? '' }, { type: 'merge', body });
  }
  await resize('2Gi');
  await eventually('all claims have grown', async () => (await capacities()).every((size) => size === '2Gi'));
});

test('a storage class whose volumes cannot grow is told, and what to do', async () => {
  await lab.client.patch(
    storageClasses,
    { name: 'standard' },
    { type: 'merge', body: { allowVolumeExpansion: false } },
  );
  lab.operate();
  await runCluster('1Gi');
  await resize('2Gi');
  await eventually(
    'the status says so',
    async () => (await status()).lastError?.reason === 'VolumeCannotGrow',
  );
  expect((await status()).lastError?.message).toContain('allowVolumeExpansion: true');
  expect(await capacities()).toEqual(['1Gi', '1Gi']);
});

test('a smaller size shrinks nothing, and is told once', async () => {
  lab.operate();
  await runCluster('2Gi');
  await resize('1Gi');
  await eventually('an event tells it', async () =>
    (await told('Manifest')).some((message) => message.includes('volumes never shrink')),
  );
  expect(await capacities()).toEqual(['2Gi', '2Gi']);
});
