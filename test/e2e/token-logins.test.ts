import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { endpoints, services } from '@pgherd/kube/objects';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { stringify } from 'yaml';
import {
  answerFor,
  startTokenInfoServer,
  type TokenInfoServer,
} from '../../images/postgres/src/pam/testing/token-info-server.ts';
import { eventually } from '../support/eventually.ts';
import { run } from '../support/instance.ts';
import { LocalCluster } from '../support/local-cluster.ts';
import { clusterManifest } from '../support/manifests.ts';

/** People of a `PostgresTeam` log in with tokens, on a real pod: roles by the operator, the image's PAM module, Patroni's pg_hba, psql over TLS through the Service. */

const name = 'acid-people';
const long = (size: number): string => `token-of-${size}.${'eyJhbGciOi'.repeat(500)}`.slice(0, size);
const jane = { uid: 'jane', realm: '/employees', expires_in: 3598 };

let local: LocalCluster;
let info: TokenInfoServer;
let host: string;
let release: (() => void) | undefined;

beforeAll(async () => {
  local = await LocalCluster.start('e2e-tokens', {});
  // Where pods reach this machine.
  const apiServer = await local.client.get(endpoints, { namespace: 'default', name: 'kubernetes' });
  const gateway = apiServer.subsets?.[0]?.addresses?.[0]?.ip ?? '';
  const known = answerFor({
    [long(300)]: jane,
    [long(4096)]: jane,
    'token-of-somebody-else': { ...jane, uid: 'joe' },
  });
  info = await startTokenInfoServer((token, response) => {
    if (token === 'token-that-is-held') release = () => response.end(JSON.stringify(jane));
    else known(token, response);
  }, gateway);
  const configuration = {
    pam_configuration: `${info.url} uid realm=/employees`,
    enable_postgres_team_crd: 'true',
    enable_persistent_volume_claim_deletion: 'true',
  };
  writeFileSync(join(local.home, 'operator.yaml'), stringify(configuration));
  await local.killOperator();
  await local.up();

  const ca = { 'ca.crt': readFileSync(info.caFile, 'utf8') };
  const metadata = { name: 'token-info-ca', namespace: 'default' };
  await local.apply({ apiVersion: 'v1', kind: 'ConfigMap', metadata, data: ca });
  await local.apply({
    apiVersion: 'acid.zalan.do/v1',
    kind: 'PostgresTeam',
    metadata: { name: 'people', namespace: 'default' },
    spec: { additionalMembers: { acid: ['jane', 'joe'] } },
  });
  const manifest = clusterManifest({ name, instances: 1 }) as { spec: object };
  const volume = {
    name: 'token-info-ca',
    mountPath: '/etc/token-info',
    targetContainers: ['postgres'],
    volumeSource: { configMap: { name: 'token-info-ca' } },
  };
  const env = [{ name: 'PAM_OAUTH2_CA_FILE', value: '/etc/token-info/ca.crt' }];
  await local.apply({ ...manifest, spec: { ...manifest.spec, env, additionalVolumes: [volume] } });
  await local.waitForStatus(name, 'Running');
  const service = await local.client.get(services, { namespace: 'default', name });
  host = service.spec?.clusterIP ?? '';
  await eventually('the operator has made the roles of people', async () => {
    const sql = `select count(*) from pg_roles where pg_has_role(oid, 'zalandos', 'member') and rolname in ('jane', 'joe')`;
    return (await local.pgherd('psql', name, '--', '-Atc', sql)) === '2\n';
  });
});
afterAll(async () => {
  await local?.remove();
  await info?.stop();
});

async function psql(user: string, password: string, sslmode = 'require'): Promise<string> {
  const connection = `host=${host} dbname=postgres user=${user} sslmode=${sslmode}`;
  const { stdout, stderr } = await run('psql', ['-XAtw', '-c', 'select current_user', connection], {
    env: { PGPASSWORD: password },
  });
  return `${stdout}${stderr}`.trim();
}

const inPod = (script: string): Promise<string> =>
  local.kubectl('exec', `${name}-0`, '-c', 'postgres', '--', 'sh', '-c', script);

test("the image's group roles are there, and admin may what Spilo lets it", async () => {
  const sql = `select rolname, rolcanlogin, rolcreatedb, rolsuper or rolcreaterole or rolreplication from pg_roles
    where rolname in ('admin', 'cron_admin', 'zalandos', 'robot_zmon') order by 1;
    select pg_has_role('admin', 'cron_admin', 'member'), has_function_privilege('admin', 'pg_switch_wal()', 'execute'),
    has_function_privilege('admin', 'pg_stat_statements_reset(oid,oid,bigint,boolean)', 'execute')`;
  expect((await local.pgherd('psql', name, '--', '-Atc', sql)).trim().split('\n')).toEqual([
    'admin|f|t|f',
    'cron_admin|f|f|f',
    'robot_zmon|f|f|f',
    'zalandos|f|f|f',
    't|t|t',
  ]);
});

test('tokens of 300 bytes and of 4 KiB let their owner in', async () => {
  expect(await psql('jane', long(300))).toBe('jane');
  expect(await psql('jane', long(4096))).toBe('jane');
});

test('nobody else gets in', async () => {
  const refusal = /PAM authentication failed for user "jane"$/;
  expect(await psql('jane', 'token-of-nobody')).toMatch(refusal);
  expect(await psql('jane', 'token-of-somebody-else')).toMatch(refusal);
  expect(await psql('joe', long(300))).toContain('PAM authentication failed for user "joe"');
  expect(await psql('jane', 'x'.repeat(9000))).toMatch(refusal);
  const asked = info.asked.length;
  expect(await psql('jane', long(300), 'disable')).toContain('pg_hba.conf rejects connection');
  // The file of the service is gone: PAM's own default is to refuse.
  await inPod('mv /run/pam.d/postgresql /run/pam.d/away');
  expect(await psql('jane', long(300))).toMatch(refusal);
  await inPod('mv /run/pam.d/away /run/pam.d/postgresql');
  expect(info.asked.length).toBe(asked);
});

test('applications log in with passwords as before', async () => {
  const { password } = await local.address(name, 'zalando', 'postgres');
  expect(await psql('zalando', password)).toBe('zalando');
});

test('no token in a log, a process list or an environment', async () => {
  const waiting = psql('jane', 'token-that-is-held');
  await eventually('the token is asked about', () => info.asked.includes('token-that-is-held'));
  const processes = await inPod(`for file in /proc/[0-9]*; do tr '\\0' ' ' < $file/cmdline; echo; done;
    for file in /proc/[0-9]*; do tr '\\0' '\\n' < $file/environ; echo; done`);
  release?.();
  expect(await waiting).toBe('jane');
  expect(processes).toContain(
    `pam-check.mjs ca_file=/etc/token-info/ca.crt ${info.url} uid realm=/employees`,
  );
  expect(processes).toMatch(/^PATH=/m);
  expect(processes).not.toContain('token-that-is-held');

  expect(new Set(info.asked).size).toBe(5);
  const log = await inPod('cat /home/postgres/pgdata/pgroot/pg_log/*');
  const logs = `${log}${await local.kubectl('logs', `${name}-0`, '--all-containers')}`;
  expect([...new Set(info.asked)].filter((token) => logs.includes(token))).toEqual([]);
  expect(log).toContain("pam_oauth2: the token's uid is another user");
  expect(log).toContain('pam_oauth2: user name or token is too long');
});
