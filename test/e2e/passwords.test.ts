import { secrets } from '@pgherd/kube/objects';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { LocalCluster } from '../support/local-cluster.ts';
import { clusterManifest } from '../support/manifests.ts';

/** Passwords are rotated while clients log in over TLS with what the Secrets say, from a pod and by the hosts' names. */

const name = 'acid-rotated';
const past = { nextRotation: '2020-01-01T00:00:00Z' };
const secretOf = (role: string) => ({
  namespace: 'default',
  name: `${role}.${name}.credentials.postgresql.acid.zalan.do`,
});

let local: LocalCluster;

beforeAll(async () => {
  local = await LocalCluster.start('e2e-passwords', { enable_persistent_volume_claim_deletion: 'true' });
  const manifest = clusterManifest({ name, instances: 2 }) as { spec: object };
  const spec = {
    ...manifest.spec,
    users: { app_user: [] },
    databases: { shop: 'app_user' },
    usersWithSecretRotation: ['app_user'],
  };
  await local.apply({ ...manifest, spec });
  await local.waitForStatus(name, 'Running');
});
afterAll(async () => {
  await local?.remove();
});

async function read(role: string): Promise<Record<string, string>> {
  const { data = {} } = await local.client.get(secrets, secretOf(role));
  const text = Object.entries(data).map(([key, value]) => [key, Buffer.from(value, 'base64').toString()]);
  return Object.fromEntries(text) as Record<string, string>;
}

const write = (role: string, stringData: Record<string, string>) =>
  local.client.patch(secrets, secretOf(role), { type: 'merge', body: { stringData } });

/** Who a client is that logs in with a URI; `refused` when it is not let in. */
async function whoIs(uri = ''): Promise<string> {
  const query =
    "select session_user || case when ssl then '' else ' without TLS' end from pg_stat_ssl where pid = pg_backend_pid()";
  const words = ['exec', `${name}-1`, '-c', 'postgres', '--', 'psql', uri, '-XAtwc', query];
  return (await local.kubectl(...words).catch(() => 'refused')).trim();
}

async function uids(): Promise<string[]> {
  return (await local.pods(name)).map(({ metadata }) => metadata?.uid ?? '');
}

test('a new user: who reads the Secret logs in before and after, and who read it before still does', async () => {
  const before = await read('app-user');
  expect(before['dbname']).toBe('shop');
  expect(await whoIs(before['uri'])).toBe('app_user');
  await write('app-user', past);
  const after = await eventually('a client of the new Secret is let in', async () => {
    const data = await read('app-user');
    return data['uri'] !== before['uri'] && (await whoIs(data['uri'])) === data['username'] && data;
  });
  expect(after['username']).toMatch(/^app_user\d{6}$/);
  expect(await whoIs(before['uri'])).toBe('app_user');
});

test('superuser and replication: what was lost or left undone while no operator ran is made good', async () => {
  const old = await uids();
  const before = await read('postgres');
  await local.killOperator();
  // Nobody knows the superuser's password any more; and of a rotation only the Secret was written.
  await local.client.delete(secrets, secretOf('postgres'));
  await write('standby', { password: 'written-before-the-kill' });
  await local.up();
  await eventually(
    'both pods are new',
    async () => {
      const now = await uids();
      return now.length === 2 && now.every((uid) => !old.includes(uid));
    },
    { timeoutMs: 120_000 },
  );
  await local.waitForStatus(name, 'Running');
  const after = await read('postgres');
  expect(await whoIs(after['uri'])).toBe('postgres');
  expect(await whoIs(before['uri'])).toBe('refused');
  expect(await whoIs((await read('standby'))['uri'])).toBe('standby');
  const shown = JSON.parse(await local.pgherd('show', name, '-o', 'json')) as {
    members: { state: string }[];
  };
  expect(shown.members.map(({ state }) => state).sort()).toEqual(['running', 'streaming']);
  const events = await local.kubectl('get', 'events', '-o', 'jsonpath={.items[*].message}');
  expect(events).toContain('it logs in with the former password of');
  for (const { password = '' } of [before, after]) expect(events).not.toContain(password);
});
