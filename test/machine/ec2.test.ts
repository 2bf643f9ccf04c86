import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defaultConfiguration } from '@pgherd/api';
import { AmazonError, amazon, ec2, ec2Query, endpointOf } from '@pgherd/operator';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { FakeEc2 } from '../support/fake-ec2.ts';

/** The client of Amazon's API, against a server that plays it and checks every signature. */

let fake: FakeEc2;
let directory: string;

beforeEach(async () => {
  fake = await FakeEc2.start();
  fake.disks.set('vol-1', { type: 'gp2', sizeGiB: 10, iops: 100 });
  directory = mkdtempSync(join(tmpdir(), 'pgherd-ec2-'));
  // Nothing of the machine's own.
  for (const name of Object.keys(process.env).filter((each) => each.startsWith('AWS_')))
    vi.stubEnv(name, undefined);
  vi.stubEnv('HOME', directory);
  vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await fake.stop();
  rmSync(directory, { recursive: true, force: true });
});

function withKeys(secret = 'a/secret+key'): void {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIDTEST');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', secret);
}

const api = (region = 'eu-central-1') => ec2(ec2Query({ region, endpoint: fake.url, retryMs: 1 }));

/** What it came to, for an error. */
async function failure(promise: Promise<unknown>): Promise<AmazonError> {
  const error = await promise.then(
    () => undefined,
    (each: unknown) => each,
  );
  expect(error).toBeInstanceOf(AmazonError);
  return error as AmazonError;
}

test('disks are described with their last change; one that nobody knows is left out', async () => {
  withKeys();
  const target = { type: 'gp3', sizeGiB: 20, iops: 3000, throughput: 125 };
  const startedAt = Date.parse('2030-01-01T00:00:00Z');
  fake.disks.set('vol-2', {
    ...target,
    modification: { state: 'optimizing', target, startedAt, message: 'a < b' },
  });
  expect(await api().disks(['vol-1', 'vol-none', 'vol-2'])).toEqual([
    { id: 'vol-1', type: 'gp2', sizeGiB: 10, iops: 100, throughput: undefined, modification: undefined },
    { id: 'vol-2', ...target, modification: { state: 'optimizing', target, startedAt, message: 'a < b' } },
  ]);
});

test('many disks are asked for in several requests', async () => {
  withKeys();
  const ids = Array.from({ length: 201 }, (_, index) => `vol-a${index}`);
  for (const id of ids) fake.disks.set(id, { type: 'gp3', sizeGiB: 1 });
  expect((await api().disks(ids)).map(({ id }) => id)).toEqual(ids);
  expect(fake.actions().filter((action) => action === 'DescribeVolumes')).toHaveLength(2);
});

test('a change says what becomes of the disk, and nothing else', async () => {
  withKeys();
  expect(await api().modify('vol-1', { type: 'gp3', sizeGiB: 20 })).toMatchObject({
    state: 'modifying',
    target: { type: 'gp3', sizeGiB: 20, iops: 3000, throughput: 125 },
  });
  expect(fake.changesOf('vol-1')).toEqual([{ VolumeType: 'gp3', Size: '20' }]);
  fake.settle('vol-1', 'completed');
  await api().modify('vol-1', { iops: 4000, throughput: 250 });
  expect(fake.changesOf('vol-1')[1]).toEqual({ Iops: '4000', Throughput: '250' });
});

test('what Amazon refuses is told apart, in its own words', async () => {
  withKeys();
  expect(await failure(api().modify('vol-none', { sizeGiB: 20 }))).toMatchObject({
    kind: 'missing',
    message: "ModifyVolume: The volume 'vol-none' does not exist. (InvalidVolume.NotFound)",
  });
  expect(await failure(api().modify('vol-1', { iops: 4000 }))).toMatchObject({ kind: 'refused' });
  await api().modify('vol-1', { sizeGiB: 20 });
  expect(await failure(api().modify('vol-1', { sizeGiB: 30 }))).toMatchObject({ kind: 'cooling' });
  fake.settle('vol-1', 'completed');
  fake.isStrict = true;
  expect(await failure(api().modify('vol-1', { sizeGiB: 30 }))).toMatchObject({
    kind: 'cooling',
    code: 'VolumeModificationRateExceeded',
  });
  fake.denied.add('DescribeVolumes');
  expect(await failure(api().disks(['vol-1']))).toMatchObject({
    kind: 'denied',
    message: 'DescribeVolumes: You are not authorized to perform this operation. (UnauthorizedOperation)',
  });
});

test('what is throttled is tried again, and told when it goes on', async () => {
  withKeys();
  fake.throttled = 3;
  expect(await api().disks(['vol-1'])).toHaveLength(1);
  expect(fake.wereThrottled).toBe(3);
  fake.throttled = 4;
  expect(await failure(api().disks(['vol-1']))).toMatchObject({ kind: 'throttled' });
  expect(fake.throttled).toBe(0);
});

test('a wrong secret, another region, no answer and no credentials', async () => {
  withKeys('another');
  expect(await failure(api().disks(['vol-1']))).toMatchObject({ kind: 'credentials' });
  withKeys();
  expect(await failure(api('us-east-1').disks(['vol-1']))).toMatchObject({ code: 'SignatureDoesNotMatch' });
  const gone = await FakeEc2.start();
  const { url } = gone;
  await gone.stop();
  const nobody = ec2(ec2Query({ region: 'eu-central-1', endpoint: url, retryMs: 1 }));
  const { kind, message } = await failure(nobody.disks(['vol-1']));
  expect(kind).toBe('unreachable');
  expect(message).toContain(new URL(url).host);
  vi.stubEnv('AWS_ACCESS_KEY_ID', undefined);
  expect(await failure(api().disks(['vol-1']))).toMatchObject({
    kind: 'credentials',
    message: expect.stringContaining('no credentials for Amazon'),
  });
});

test('an answer of somebody else is none', async () => {
  withKeys();
  const nowhere = ec2(ec2Query({ region: 'eu-central-1', endpoint: `${fake.url}/nowhere`, retryMs: 1 }));
  expect(await failure(nowhere.disks(['vol-1']))).toMatchObject({ kind: 'unreachable' });
  const garbled = ec2(ec2Query({ region: 'eu-central-1', endpoint: 'nowhere', retryMs: 1 }));
  expect((await failure(garbled.disks(['vol-1']))).message).toContain('AWS_ENDPOINT_URL_EC2');
});

test('the role of a service account (web identity)', async () => {
  const file = join(directory, 'token');
  writeFileSync(file, fake.identity);
  vi.stubEnv('AWS_WEB_IDENTITY_TOKEN_FILE', file);
  vi.stubEnv('AWS_ROLE_ARN', 'arn:aws:iam::1:role/operator');
  vi.stubEnv('AWS_ENDPOINT_URL_STS', fake.url);
  expect(await api().disks(['vol-1'])).toHaveLength(1);
  expect(fake.requests[0]?.keyId).toBe('ASIA-STS-of-arn-aws-iam--1-role-operator');
});

test('the credentials of a container (EKS Pod Identity)', async () => {
  vi.stubEnv('AWS_CONTAINER_CREDENTIALS_FULL_URI', `${fake.url}/container`);
  vi.stubEnv('AWS_CONTAINER_AUTHORIZATION_TOKEN', fake.identity);
  expect(await api().disks(['vol-1'])).toHaveLength(1);
  expect(fake.requests[0]?.keyId).toBe('ASIA-container');
});

test('the role of the node (instance metadata)', async () => {
  vi.stubEnv('AWS_EC2_METADATA_DISABLED', undefined);
  vi.stubEnv('AWS_EC2_METADATA_SERVICE_ENDPOINT', fake.url);
  expect(await api().disks(['vol-1'])).toHaveLength(1);
  expect(fake.requests[0]?.keyId).toBe('ASIA-instance');
});

test('endpoint and region are those of the environment; a region that the configuration names comes first', async () => {
  const other = 'http://127.0.0.1:9';
  expect(endpointOf({ AWS_ENDPOINT_URL: other })).toBe(other);
  expect(endpointOf({ AWS_ENDPOINT_URL: other, AWS_ENDPOINT_URL_EC2: fake.url })).toBe(fake.url);
  expect(endpointOf({ AWS_ENDPOINT_URL: '' })).toBeUndefined();
  withKeys();
  const environment = { AWS_ENDPOINT_URL_EC2: fake.url, AWS_REGION: 'eu-west-1' };
  const configuration = { ...defaultConfiguration(), aws_region: 'eu-north-1' };
  for (const [region, named] of [
    ['eu-west-1', []],
    ['eu-north-1', ['aws_region']],
  ] as const) {
    fake.region = region;
    const asked = amazon(() => ({ configuration, named: new Set(named) }), environment)();
    expect(await asked.disks(['vol-1'])).toHaveLength(1);
  }
});
