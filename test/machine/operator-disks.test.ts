import { execFile } from 'node:child_process';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import {
  defaultConfiguration,
  readStatus,
  type Configuration,
  type ConfigurationKey,
  type Postgresql,
  type PostgresqlStatus,
} from '@pgherd/api';
import { persistentVolumeClaims, persistentVolumes, statefulSets } from '@pgherd/kube/objects';
import { postgresqls, rbacObjects } from '@pgherd/operator';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { FakeEc2 } from '../support/fake-ec2.ts';
import { OperatorLab, type OperatorOfTest } from '../support/operator-lab.ts';
import { PlayedCluster } from '../support/played-cluster.ts';

/**
 * Amazon's disks below volumes: a real API server with its controllers, the operator under exactly its rights, and a
 * server that plays EC2 and checks every signature. Node and Patroni are played.
 */

const key = { namespace: 'default', name: 'acid-demo' };
const ids = ['vol-0', 'vol-1'];
const hour = 3_600_000;

let lab: OperatorLab;
let fake: FakeEc2;
/** Pods whose file systems were grown, in order. */
let grown: string[];
/** What the tool that grows them says; '' when it works. */
let complaint: string;

beforeEach(async () => {
  fake = await FakeEc2.start();
  grown = [];
  complaint = '';
  for (const name of Object.keys(process.env).filter((each) => each.startsWith('AWS_')))
    vi.stubEnv(name, undefined);
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIDTEST');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'a/secret+key');
  vi.stubEnv('AWS_ENDPOINT_URL_EC2', fake.url);
});
afterEach(async () => {
  await lab.stop();
  await fake.stop();
  vi.unstubAllEnvs();
});

/** Runs an operator with this configuration and a cluster of two members on disks of 1 GiB of the type gp2. */
async function start(
  changes: Partial<Configuration>,
  volume: Partial<Postgresql['spec']['volume']> = {},
): Promise<OperatorOfTest> {
  const configuration = { ...defaultConfiguration(), ...changes };
  const named = new Set(Object.keys(changes) as ConfigurationKey[]);
  const duties = { configuration, named, own: 'default', origin: { type: 'defaults' } as const };
  const rbac = rbacObjects(duties, 'postgres-operator').map(({ object }) => object);
  lab = await OperatorLab.start(rbac, {
    logs: () => Readable.from([]),
    attach: () => Promise.reject(new Error('nobody')),
    connect: () => Promise.reject(new Error('nobody')),
    async exec(_namespace, pod, { command, stderr }) {
      // Everything else that is asked of pods is not played here.
      if (!command.join(' ').includes('resize2fs')) return 1;
      stderr?.write(complaint);
      if (complaint !== '') return 1;
      grown.push(pod);
      return 0;
    },
  });
  for (const [ordinal, id] of ids.entries()) {
    fake.disks.set(id, { type: 'gp2', sizeGiB: 1, iops: 100 });
    await lab.client.create(persistentVolumes, {
      metadata: {
        name: `pv-${ordinal}`,
        // The API server's own provisioner plays the CSI driver.
        annotations: { 'pv.kubernetes.io/provisioned-by': 'pgherd.dev/local' },
      },
      spec: {
        capacity: { storage: '1Gi' },
        accessModes: ['ReadWriteOnce'],
        storageClassName: 'standard',
        claimRef: { namespace: 'default', name: `pgdata-acid-demo-${ordinal}` },
        // This API server takes no volumes of CSI drivers; where their ids are is another test's.
        awsElasticBlockStore: { volumeID: `aws://eu-central-1a/${id}`, fsType: 'ext4' },
      },
    });
  }
  await lab.client.create(postgresqls, {
    metadata: key,
    spec: {
      teamId: 'acid',
      numberOfInstances: 2,
      postgresql: { version: '17' },
      volume: { size: '1Gi', ...volume },
    },
  });
  const operator = lab.operate(changes);
  const played = new PlayedCluster(lab.client, key.name, 'endpoints');
  lab.stopLater(() => played.stop());
  await eventually('the cluster runs', async () => (await status()).PostgresClusterStatus === 'Running');
  return operator;
}

const status = async (): Promise<PostgresqlStatus> =>
  readStatus(((await lab.client.get(postgresqls, key)) as Postgresql).status);
const condition = async (type: string) => (await status()).conditions?.find((each) => each.type === type);
const write = (volume: Partial<Postgresql['spec']['volume']>) =>
  lab.client.patch(postgresqls, key, { type: 'merge', body: { spec: { volume } } });
const claims = async () =>
  (await lab.client.list(persistentVolumeClaims, { namespace: 'default' })).items.map(({ spec }) =>
    String(spec?.resources?.requests?.['storage']),
  );
const capacities = async () =>
  (await lab.client.list(persistentVolumes)).items.map(({ spec }) => String(spec?.capacity?.['storage']));
const isDone = async () => {
  const { PostgresClusterStatus: word, observedGeneration, conditions = [] } = await status();
  const { generation } = (await lab.client.get(postgresqls, key)).metadata;
  const progressing = conditions.find(({ type }) => type === 'Progressing');
  return word === 'Running' && observedGeneration === generation && progressing?.status === 'False';
};

test('mixed: type, iops, throughput and size in one change of each disk; the claims grow as well', async () => {
  await start({ storage_resize_mode: 'mixed' });
  fake.isQuick = true;
  expect(fake.requests).toEqual([]);
  await write({ size: '2Gi', type: 'gp3', iops: 4000, throughput: 250 });
  await eventually('all claims have grown', async () => (await claims()).join() === '2Gi,2Gi');
  await eventually('the cluster is as it should be', isDone);
  const change = { VolumeType: 'gp3', Iops: '4000', Throughput: '250', Size: '2' };
  for (const id of ids) expect(fake.changesOf(id)).toEqual([change]);
  expect((await condition('Degraded'))?.status).toBe('False');
});

test('mixed: Amazon denies it, which is told; the claims grow all the same', async () => {
  await start({ storage_resize_mode: 'mixed' });
  fake.denied.add('ModifyVolume');
  await write({ size: '2Gi', type: 'gp3' });
  await eventually(
    'the status says so',
    async () => (await condition('Degraded'))?.reason === 'AmazonDenies',
  );
  const { message = '' } = (await condition('Degraded')) ?? {};
  expect(message).toContain('ModifyVolume: You are not authorized');
  expect(message).toContain('give the operator');
  await eventually('all claims have grown', async () => (await claims()).join() === '2Gi,2Gi');
  await eventually(
    'the cluster counts as running',
    async () => (await status()).PostgresClusterStatus === 'Running',
  );
  expect(fake.disks.get('vol-0')?.type).toBe('gp2');
});

test('mixed: what may not even be looked at is told, and volumes grow without it', async () => {
  await start({ storage_resize_mode: 'mixed' });
  fake.denied.add('DescribeVolumes');
  await write({ size: '2Gi', type: 'gp3' });
  await eventually(
    'the status says so',
    async () => (await condition('Degraded'))?.reason === 'AmazonDenies',
  );
  await eventually('all claims have grown', async () => (await claims()).join() === '2Gi,2Gi');
  expect(fake.changesOf('vol-0')).toEqual([]);
});

test('a disk that Amazon does not let be changed again yet is told, asked for later, and the cluster runs', async () => {
  await start({ storage_resize_mode: 'mixed' });
  fake.isStrict = true;
  const target = { type: 'gp2', sizeGiB: 1, iops: 100 };
  const modification = { state: 'completed' as const, target, startedAt: Date.now() - hour };
  for (const id of ids) fake.disks.set(id, { ...target, modification });
  await write({ type: 'gp3' });
  await eventually('it waits', async () => {
    const { reason, message = '' } = (await condition('Postponed')) ?? {};
    return reason === 'DiskNotReady' && ids.every((id) => message.includes(`modify disk ${id}`));
  });
  expect((await condition('Postponed'))?.message).toContain('VolumeModificationRateExceeded');
  await eventually('the cluster runs', async () => (await status()).PostgresClusterStatus === 'Running');
  expect((await condition('Degraded'))?.status).toBe('False');
  for (const id of ids) expect(fake.changesOf(id)).toHaveLength(1);
});

test('a disk that still optimizes is not asked for', async () => {
  await start({ storage_resize_mode: 'mixed' });
  const target = { type: 'gp2', sizeGiB: 1, iops: 100 };
  const modification = { state: 'optimizing' as const, target, startedAt: Date.now() - hour };
  for (const id of ids) fake.disks.set(id, { ...target, modification });
  await write({ type: 'gp3', size: '2Gi' });
  await eventually('it waits', async () =>
    (await condition('Postponed'))?.message?.includes('on its way is over (optimizing)'),
  );
  await eventually('all claims have grown', async () => (await claims()).join() === '2Gi,2Gi');
  for (const id of ids) expect(fake.changesOf(id)).toEqual([]);
});

test('a request that is throttled is made again', async () => {
  await start({ storage_resize_mode: 'mixed' });
  fake.isQuick = true;
  fake.throttled = 2;
  await write({ type: 'gp3' });
  await eventually('the disks are of the type', () => ids.every((id) => fake.disks.get(id)?.type === 'gp3'));
  await eventually('the cluster is as it should be', isDone);
  expect(fake.wereThrottled).toBe(2);
});

test('enable_ebs_gp3_migration: disks below the limit become gp3', async () => {
  await start({
    storage_resize_mode: 'mixed',
    enable_ebs_gp3_migration: true,
    enable_ebs_gp3_migration_max_size: 5,
  });
  await eventually('a small one is', () => fake.changesOf('vol-0').length > 0);
  expect(fake.changesOf('vol-0')).toEqual([{ VolumeType: 'gp3' }]);
});

test('ebs: disks and file systems grow below the claims, and the volumes say so', async () => {
  const operator = await start({ storage_resize_mode: 'ebs' });
  expect(fake.requests).toEqual([]);
  complaint = 'open: Permission denied while opening /dev/nvme1n1\n';
  await write({ size: '2Gi' });
  await eventually('both disks are asked for', () => ids.every((id) => fake.changesOf(id).length > 0));
  await eventually('the status says what is waited for', async () =>
    (await condition('Progressing'))?.message?.includes('Amazon has made vol-0 larger'),
  );
  expect(grown).toEqual([]);
  // The next operator knows of nothing but what Amazon and Kubernetes say.
  await operator.stop();
  for (const id of ids) fake.settle(id, 'optimizing');
  lab.operate({ storage_resize_mode: 'ebs' });
  await eventually(
    'a file system that does not grow is told',
    async () => (await status()).lastError?.reason === 'FileSystemNotGrown',
  );
  expect((await status()).lastError?.message).toContain('Permission denied while opening /dev/nvme1n1');
  expect(await capacities()).toEqual(['1Gi', '1Gi']);
  complaint = '';
  await eventually('the volumes have the new size', async () => (await capacities()).join() === '2Gi,2Gi');
  await eventually('the cluster is as it should be', isDone);
  expect(new Set(grown)).toEqual(new Set(['acid-demo-0', 'acid-demo-1']));
  expect(await claims()).toEqual(['1Gi', '1Gi']);
  for (const id of ids) expect(fake.changesOf(id)).toEqual([{ Size: '2' }]);
  const set = await lab.client.get(statefulSets, key);
  const [template] = set.spec?.volumeClaimTemplates ?? [];
  expect(template?.spec?.resources?.requests?.['storage']).toBe('2Gi');
});

test('a plan asks Amazon with the credentials of whoever makes it', async () => {
  const operator = await start({ storage_resize_mode: 'mixed' }, { type: 'gp2' });
  // It would do what is planned.
  await operator.stop();
  const command = fileURLToPath(new URL('../../packages/cli/bin/pgherd', import.meta.url));
  const planned = async (env: NodeJS.ProcessEnv) => {
    const args = ['plan', key.name, '--configuration', 'configmap/default/settings', '-o', 'json'];
    const { promise, resolve } = Promise.withResolvers<string>();
    const options = { env: { ...process.env, KUBECONFIG: lab.kubernetes.kubeconfig, ...env } };
    execFile(command, args, options, (_error, stdout) => resolve(stdout));
    const [plan] = JSON.parse(await promise) as {
      warnings: string[];
      tracks: { name: string; steps: { what: string; why: string[] }[] }[];
    }[];
    const volumes = plan?.tracks.filter(({ name }) => name === 'volumes') ?? [];
    return { warnings: plan?.warnings ?? [], steps: volumes.flatMap(({ steps }) => steps) };
  };
  await lab.create([
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'settings', namespace: 'default' },
      data: { storage_resize_mode: 'mixed' },
    },
  ]);
  for (const id of ids) fake.disks.set(id, { type: 'gp3', sizeGiB: 1, iops: 3000, throughput: 125 });
  expect((await planned({})).steps.map(({ what, why }) => `${what}: ${why.join()}`)).toEqual([
    'modify disk vol-0 of pgdata-acid-demo-0: type: gp3 → gp2',
    'modify disk vol-1 of pgdata-acid-demo-1: type: gp3 → gp2',
  ]);
  const refused = await planned({ AWS_SECRET_ACCESS_KEY: 'another' });
  expect(refused.steps).toEqual([]);
  expect(refused.warnings.join()).toContain('Amazon could not be asked for the disks');
});
