import { X509Certificate } from 'node:crypto';
import { issueLeaf } from '@pgherd/kube/certificates';
import { secrets } from '@pgherd/kube/objects';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { pgherd, run } from '../support/instance.ts';
import { LocalCluster } from '../support/local-cluster.ts';
import { clusterManifest } from '../support/manifests.ts';
import { eventually } from '../support/eventually.ts';
import { disturbances, memberStates } from '../support/members.ts';
import { askPatroni, speaksTls } from '../support/patroni-api.ts';
import { Writer } from '../support/writer.ts';

/** Each verb of the command line once, on real pods and under a writer. */

const name = 'acid-verbs';
const apiSecret = { namespace: 'default', name: `${name}-patroni-api` };
let local: LocalCluster;
let writer: Writer;

beforeAll(async () => {
  local = await LocalCluster.start('e2e-verbs', { enable_persistent_volume_claim_deletion: 'true' });
  await local.apply(clusterManifest({ name, instances: 2, synchronous: true }));
  await local.waitForStatus(name, 'Running');
  writer = new Writer(await local.address(name, 'zalando', 'foo'));
  await writer.start();
});
afterAll(async () => {
  await writer?.stop();
  await local?.remove();
});

interface Outcome {
  primary?: string;
  happened: { what: string }[];
}

/** Runs a verb, and waits until clients can write again. */
async function verb(...args: string[]): Promise<Outcome> {
  const { count } = writer;
  const outcome = JSON.parse(await local.pgherd(...args, '--yes', '-o', 'json')) as Outcome;
  await eventually('the writer writes again', () => writer.count > count + 3);
  return outcome;
}

/** Exit code and complaint of a verb that is refused. */
async function refused(...args: string[]): Promise<string> {
  const { code, stderr } = await run(pgherd, args, { env: { KUBECONFIG: local.kubeconfig } });
  return `${code} ${stderr}`;
}

const primary = async (): Promise<string> => (await local.primary(name)).metadata?.name ?? '';

/** The leader publishes in one of its next loops for whom commits wait; before, Patroni hands over to nobody. */
async function untilSynchronous(): Promise<void> {
  await eventually('a replica is synchronous', async () =>
    (await local.pgherd('show', name)).includes('sync replica'),
  );
}

test('switchover', async () => {
  await untilSynchronous();
  const before = await primary();
  const after = before === `${name}-0` ? `${name}-1` : `${name}-0`;
  expect((await verb('switchover', name, '--to', after)).primary).toBe(after);
  expect(await primary()).toBe(after);
  expect((await verb('switchover', name, '--to', after)).happened[0]?.what).toContain('already');
  expect(await refused('switchover', name, '--to', 'nobody', '--yes')).toMatch(/^3 .*no member nobody/);
  expect(await refused('restart', name)).toMatch(/^64 [\s\S]*nothing was done/);
});

test('switchover and restart at a time: shown, and taken back', async () => {
  await local.pgherd('switchover', name, '--at', '2099-01-01T00:00:00Z', '--yes');
  await local.pgherd('restart', name, `${name}-0`, '--at', '2099-01-02T00:00:00Z', '--yes');
  const shown = await local.pgherd('show', name);
  expect(shown).toMatch(/switchover from acid-verbs-\d +2099-01-01/);
  await eventually('the list mentions it', async () =>
    /switchover scheduled/.test(await local.pgherd('list')),
  );
  await local.pgherd('switchover', name, '--cancel');
  await local.pgherd('restart', name, '--cancel');
  expect(await local.pgherd('show', name)).not.toContain('2099-01-01');
  expect(await refused('switchover', name, '--cancel')).toMatch(/^3 /);
});

test('restart of all members', async () => {
  const before = await memberStates(local, name);
  const { happened } = await verb('restart', name);
  const lead = await primary();
  expect(happened.map(({ what }) => what.split(' ')[0]).at(-1)).toBe(lead);
  expect(happened).toHaveLength(2);
  const after = await eventually('all members answer', () => memberStates(local, name));
  expect(disturbances(before, after).sort()).toEqual([`restart ${name}-0`, `restart ${name}-1`]);
});

test('reinit of a replica', async () => {
  const lead = await primary();
  const replica = lead === `${name}-0` ? `${name}-1` : `${name}-0`;
  expect((await verb('reinit', name, replica)).happened.at(-1)?.what).toContain('fresh copy');
  expect(await refused('reinit', name, lead, '--yes')).toMatch(/^1 .*is the primary/);
});

test('pause and resume: what the operator has to restart waits for it', async () => {
  await verb('pause', name);
  await eventually('the status says so', async () => /Running, paused/.test(await local.pgherd('list')));
  const manifest = clusterManifest({ name, instances: 2, synchronous: true });
  const spec = { ...(manifest['spec'] as object), enableShmVolume: false };
  const before = await memberStates(local, name);
  await local.apply({ ...manifest, spec });
  await eventually('the operator waits', async () =>
    (await local.pgherd('show', name)).includes('the cluster is paused no more'),
  );
  expect(await memberStates(local, name)).toEqual(before);
  await local.apply(manifest);
  await local.waitForStatus(name, 'Running');
  await verb('resume', name);
});

test('who knows no password may look at Patroni and change nothing', async () => {
  const pod = await local.primary(name);
  expect(speaksTls(pod)).toBe(true);
  expect((await askPatroni(pod, 'GET', '/patroni')).status).toBe(200);
  const change = { body: { ttl: 31 } };
  expect((await askPatroni(pod, 'PATCH', '/config', change)).status).toBe(401);
  expect((await askPatroni(pod, 'POST', '/restart', { body: {}, auth: 'patroni:guess' })).status).toBe(401);
  const { data } = await local.client.get(secrets, apiSecret);
  const password = Buffer.from(data?.['restapi-password'] ?? '', 'base64').toString();
  expect((await askPatroni(pod, 'PATCH', '/config', { body: {}, auth: `patroni:${password}` })).status).toBe(
    400,
  );
});

test('a certificate that runs out is renewed, and served without a restart', async () => {
  const before = await memberStates(local, name);
  const { data = {} } = await local.client.get(secrets, apiSecret);
  const text = (key: string) => Buffer.from(data[key] ?? '', 'base64').toString();
  const [now, day] = [Date.now(), 24 * 60 * 60 * 1000];
  const about = { subject: { CN: 'patroni' }, usage: 'server' as const, ips: [], dnsNames: ['patroni'] };
  const authority = { certificate: text('ca.crt'), key: text('ca.key') };
  const old = await issueLeaf(authority, { ...about, notBefore: now, notAfter: now + day });
  const patch = { stringData: { 'tls.crt': old.certificate, 'tls.key': old.key } };
  await local.kubectl('patch', 'secret', apiSecret.name, '--type', 'merge', '-p', JSON.stringify(patch));
  const renewed = await eventually('it is renewed', async () => {
    const secret = await local.client.get(secrets, apiSecret);
    const certificate = new X509Certificate(Buffer.from(secret.data?.['tls.crt'] ?? '', 'base64'));
    return certificate.validToDate.getTime() > now + 2 * day && certificate.serialNumber;
  });
  for (const pod of await local.pods(name)) {
    await eventually('it is served', async () => {
      const { serialNumber } = await askPatroni(pod, 'GET', '/patroni');
      return serialNumber === renewed;
    });
  }
  expect(await memberStates(local, name)).toEqual(before);
});

test('failover', async () => {
  await untilSynchronous();
  const before = await primary();
  const { primary: after } = await verb('failover', name);
  expect(after).not.toBe(before);
  expect(await primary()).toBe(after);
});

test('nothing that was acknowledged is lost', async () => {
  const { lost, report } = await writer.stopAndFindLost();
  expect(lost).toEqual([]);
  expect(report.acknowledged.length).toBeGreaterThan(20);
});
