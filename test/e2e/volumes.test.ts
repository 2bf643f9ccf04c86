import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { persistentVolumeClaims } from '@pgherd/kube/objects';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { eventually } from '../support/eventually.ts';
import { LocalCluster, postgresqls } from '../support/local-cluster.ts';
import { clusterManifest } from '../support/manifests.ts';
import { queryOnce, Writer, type Address } from '../support/writer.ts';

/** Volumes with real limits on real pods: they fill up, grow and come back. The tests follow each other on one cluster. */

const name = 'acid-volume';
const configuration = { enable_persistent_volume_claim_deletion: 'true' };
const key = { namespace: 'default', name };

let local: LocalCluster;
let app: Address;

beforeAll(async () => {
  local = await LocalCluster.start('e2e-volumes', configuration);
  const manifest = clusterManifest({ name, instances: 2 }) as { spec: Record<string, unknown> };
  manifest.spec['volume'] = { size: '600Mi', storageClass: 'sized' };
  await local.apply(manifest);
  await local.waitForStatus(name, 'Running');
  app = await local.address(name, 'zalando', 'foo');
});
afterAll(async () => {
  await local?.remove();
});

const volume = (spec: object) =>
  local.client.patch(postgresqls, key, { type: 'merge', body: { spec: { volume: spec } } });
const sizes = async (): Promise<string[]> => {
  const { items } = await local.client.list(persistentVolumeClaims, { namespace: 'default' });
  return items.map(({ status }) => status?.capacity?.['storage'] ?? '');
};
const untilSizes = (size: string) =>
  eventually(`all volumes have ${size}`, async () => (await sizes()).every((each) => each === size), {
    timeoutMs: 30_000,
  });
const starts = async (): Promise<string[]> =>
  (await local.pods(name)).map(
    ({ metadata, status }) => `${metadata.uid} ${status?.containerStatuses?.[0]?.restartCount}`,
  );
/** What `df` says in a pod, in MiB. */
const inPod = async (pod: string): Promise<{ size: number; free: number }> => {
  const df = await local.kubectl(
    'exec',
    pod,
    '-c',
    'postgres',
    '--',
    'df',
    '-P',
    '-B1M',
    '/home/postgres/pgdata',
  );
  const [, size = NaN, , free = NaN] = df.split('\n')[1]?.split(/\s+/).map(Number) ?? [];
  return { size, free };
};
const lastError = async (): Promise<string | undefined> =>
  ((await local.client.get(postgresqls, key)).status as { lastError?: { reason: string } })?.lastError
    ?.reason;
const primary = async (): Promise<string> => (await local.primary(name)).metadata.name ?? '';

/** Fills the primary's volume outside of PostgreSQL, but for so many MiB. */
async function fill(leaving: number): Promise<void> {
  const pod = await primary();
  const { free } = await inPod(pod);
  const path = '/home/postgres/pgdata/filling';
  await local.kubectl(
    'exec',
    pod,
    '-c',
    'postgres',
    '--',
    'fallocate',
    '-l',
    `${Math.max(1, free - leaving)}MiB`,
    path,
  );
}

test('volumes grow under a writer that notices nothing; df in the pod shows it', async () => {
  const before = await starts();
  const writer = new Writer(app, 20);
  await writer.start();
  expect((await inPod(`${name}-0`)).size).toBeLessThan(600);
  await volume({ size: '700Mi' });
  await untilSizes('700Mi');
  const { errors, acknowledged } = await writer.stop();
  expect(errors).toEqual([]);
  expect(acknowledged.length).toBeGreaterThan(10);
  expect((await inPod(`${name}-0`)).size).toBeGreaterThan(600);
  expect(await starts()).toEqual(before);
  expect(await local.pgherd('df', name)).toContain('too few samples');
});

test('the brake stops writes while there is still room, reads go on, and growth lifts it', async () => {
  await queryOnce(app, 'create table brake (n int)');
  await fill(100);
  await eventually('writes are refused', async () => {
    const refused = await queryOnce(app, 'insert into brake values (1)').then(
      () => false,
      (error: Error & { code?: string }) => error.code === '25006',
    );
    return refused;
  });
  expect(await queryOnce(app, 'select count(*)::int as n from brake')).toHaveLength(1);
  await eventually('the status says so', async () => (await lastError()) === 'WritesStopped');
  await volume({ size: '1Gi' });
  await untilSizes('1Gi');
  await eventually('writes go on', async () => {
    await queryOnce(app, 'insert into brake values (2)');
    return true;
  });
  await eventually('nothing is wrong', async () => (await lastError()) === undefined);
});

test('a primary that cannot even start on its full volume: autoGrow makes room, and all members stream', async () => {
  const off = { ...configuration, enable_volume_brake: 'false' };
  writeFileSync(join(local.home, 'operator.yaml'), stringify(off));
  const pod = await primary();
  await fill(0);
  const exec = (script: string) => local.kubectl('exec', pod, '-c', 'postgres', '--', 'sh', '-c', script);
  await exec('dd if=/dev/zero of=/home/postgres/pgdata/rest bs=4k 2>/dev/null; true');
  await exec('kill -9 $(head -1 /home/postgres/pgdata/pgroot/data/postmaster.pid)');
  await volume({ autoGrow: { enabled: true, max: '1300Mi', step: '1Gi' } });
  await untilSizes('1300Mi');
  await eventually('writes go on', async () => {
    await queryOnce(app, 'insert into brake values (3)');
    return true;
  });
  await local.waitForStatus(name, 'Running');
});
