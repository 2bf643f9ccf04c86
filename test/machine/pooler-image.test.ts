import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, type ClientConfig } from 'pg';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { run } from '../support/instance.ts';
import { PoolerContainer, type PoolerOptions } from '../support/pooler-container.ts';
import { PostgresLab, role } from '../support/postgres-lab.ts';
import type { PostgresServer } from '../support/postgres-server.ts';

/** The pooler's image in front of a real server, with real clients. The server's certificate is signed by `ca`. */

let lab: PostgresLab;
let server: PostgresServer;
let certificates: string;
const toClose: (() => Promise<unknown>)[] = [];

const hostile = { role: `we'ird "us er`, schema: `Po"oler's` };

beforeAll(async () => {
  certificates = makeCertificates();
  lab = await PostgresLab.start({
    ssl_cert_file: join(certificates, 'server.crt'),
    ssl_key_file: join(certificates, 'server.key'),
    // As in the database image: who has an old password may log in with it.
    hba_file: hostBasedAuthentication(),
  });
  ({ server } = lab);
  const roles = ['pooler', hostile.role, 'foo', 'monitoring'].map((name) =>
    role(name, [], { password: `${name}-password` }),
  );
  await lab.done({
    roles,
    databases: [{ name: 'bar', owner: 'foo' }],
    lookup: { role: 'pooler', schema: 'pooler' },
  });
  await lab.done({ roles, lookup: hostile });
  await asSuperuser(
    `set password_encryption to md5`,
    `create role old login password 'old-password'`,
    `set password_encryption to default`,
    `create role expired login password 'expired-password' valid until '2001-01-01'`,
    // As Zalando's operator makes it: in PL/pgSQL, and without a fixed search_path.
    'create schema theirs',
    `create function theirs.user_lookup(in i_username text, out uname text, out phash text) returns record as $$
     begin
       select usename, passwd from pg_catalog.pg_shadow where usename = i_username into uname, phash;
       return;
     end;
     $$ language plpgsql security definer`,
    'grant usage on schema theirs to pooler',
  );
});
afterEach(async () => {
  for (const close of toClose.splice(0).reverse()) await close();
});
afterAll(async () => {
  await lab?.stop();
  rmSync(certificates, { recursive: true, force: true });
});

/** `ca` with `server` and `pooler` signed by it, and `other`, which only trusts itself. */
function makeCertificates(): string {
  const directory = mkdtempSync(join(tmpdir(), 'pgherd-test-certificates-'));
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: directory, stdio: 'pipe' });
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const own = (name: string) =>
    openssl(
      'req',
      '-x509',
      ...newKey,
      '-subj',
      `/CN=${name}`,
      '-keyout',
      `${name}.key`,
      '-out',
      `${name}.crt`,
    );
  const signed = (name: string) => {
    openssl('req', ...newKey, '-subj', `/CN=${name}`, '-keyout', `${name}.key`, '-out', `${name}.csr`);
    const ca = ['-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial'];
    openssl('x509', '-req', '-in', `${name}.csr`, ...ca, '-out', `${name}.crt`);
    chmodSync(join(directory, `${name}.key`), 0o644);
  };
  own('ca');
  own('other');
  for (const name of ['server', 'pooler', 'renewed']) signed(name);
  chmodSync(join(directory, 'other.key'), 0o644);
  chmodSync(directory, 0o755);
  // The server refuses a key that others can read.
  const key = join(directory, 'server.key');
  chmodSync(key, 0o600);
  const nobody = (option: string) => Number(execFileSync('id', [option, 'nobody'], { encoding: 'utf8' }));
  chownSync(key, nobody('-u'), nobody('-g'));
  return directory;
}

function hostBasedAuthentication(): string {
  const file = join(certificates, 'pg_hba.conf');
  writeFileSync(file, 'hostssl all all 127.0.0.1/32 md5\n');
  return file;
}

/** A folder as a Secret's volume, with these files of `certificates`; `give` replaces them. */
function tlsFolder() {
  const directory = mkdtempSync(join(tmpdir(), 'pgherd-test-tls-'));
  chmodSync(directory, 0o755);
  toClose.push(async () => rmSync(directory, { recursive: true, force: true }));
  const give = (names: { certificate: string; ca: string }) => {
    for (const [from, to] of [
      [`${names.certificate}.crt`, 'tls.crt'],
      [`${names.certificate}.key`, 'tls.key'],
      [`${names.ca}.crt`, 'ca.crt'],
    ] as const)
      copyFileSync(join(certificates, from), join(directory, to));
  };
  return { directory, give };
}

const tlsEnvironment = {
  CONNECTION_POOLER_CLIENT_TLS_CRT: '/tls/tls.crt',
  CONNECTION_POOLER_CLIENT_TLS_KEY: '/tls/tls.key',
  CONNECTION_POOLER_CLIENT_CA_FILE: '/tls/ca.crt',
};

const start = (options?: Partial<PoolerOptions>) => held(PoolerContainer.start(given(options)));
/** Does not wait until it takes clients. */
const begin = () => held(PoolerContainer.begin(given()));

const given = ({ environment = {}, ...rest }: Partial<PoolerOptions> = {}): PoolerOptions => ({
  environment: {
    PGHOST: server.host,
    PGPORT: String(server.port),
    PGUSER: 'pooler',
    PGSCHEMA: 'pooler',
    ...environment,
  },
  users: '"pooler" "pooler-password"\n"monitoring" "monitoring-password"\n',
  ...rest,
});

async function held(starting: Promise<PoolerContainer>): Promise<PoolerContainer> {
  const pooler = await starting;
  toClose.push(() => pooler.remove());
  return pooler;
}

async function connect(port: number, config: ClientConfig = {}): Promise<Client> {
  const client = new Client({
    host: '127.0.0.1',
    port,
    user: 'foo',
    password: 'foo-password',
    database: 'bar',
    ssl: { rejectUnauthorized: false },
    connectionTimeoutMillis: 10_000,
    ...config,
  });
  client.on('error', () => {});
  await client.connect();
  toClose.push(() => client.end().catch(() => {}));
  return client;
}

async function asSuperuser(...statements: string[]): Promise<void> {
  const { port, password } = server;
  const client = await connect(port, { user: 'postgres', password, database: 'postgres' });
  for (const statement of statements) await client.query(statement);
  await client.end();
}

const whoAmI = async (client: Client) => (await client.query('select current_user as name')).rows[0].name;

const admin = (user = 'pooler', password = 'pooler-password') => ({ user, password, database: 'pgbouncer' });

test('who is let in, and how', async () => {
  const pooler = await start({ environment: { INFRASTRUCTURE_ROLES: 'monitoring' } });
  const { port } = pooler;
  // Looked up, with a SCRAM verifier and with one of MD5, in any database; and from the list, with a password.
  expect(await whoAmI(await connect(port))).toBe('foo');
  expect(await whoAmI(await connect(port, { user: 'old', password: 'old-password' }))).toBe('old');
  const superuser = { user: 'postgres', password: server.password, database: 'postgres' };
  expect(await whoAmI(await connect(port, superuser))).toBe('postgres');
  const listed = { user: 'monitoring', password: 'monitoring-password' };
  expect(await whoAmI(await connect(port, listed))).toBe('monitoring');

  // A database and a user that came later.
  await asSuperuser(`create role late login password 'late-password'`, 'create database later');
  const late = { user: 'late', password: 'late-password', database: 'later' };
  expect(await whoAmI(await connect(port, late))).toBe('late');

  await expect(connect(port, { password: 'wrong' })).rejects.toThrow(/authentication failed/);
  await expect(connect(port, { ...listed, password: 'wrong' })).rejects.toThrow(/authentication failed/);
  await expect(connect(port, { user: 'nobody' })).rejects.toThrow(/authentication failed/);
  const expired = { user: 'expired', password: 'expired-password' };
  await expect(connect(port, expired)).rejects.toThrow(/authentication failed/);
  await expect(connect(port, { ssl: false })).rejects.toThrow(/SSL required/);
  await expect(connect(port, { database: 'none' })).rejects.toThrow(/does not exist/);

  // A changed password: the old one is refused at once.
  await asSuperuser(`alter role late password 'new-password'`);
  await expect(connect(port, late)).rejects.toThrow(/authentication failed/);
  expect(await whoAmI(await connect(port, { ...late, password: 'new-password' }))).toBe('late');

  // The admin console is for the pooler's role; infrastructure roles may look.
  const console = await connect(port, admin());
  const pools = (await console.query('show pools')).rows as { database: string; user: string }[];
  expect(pools.map(({ database, user }) => `${user}@${database}`)).toContain('foo@bar');
  const viewer = await connect(port, { ...listed, database: 'pgbouncer' });
  await viewer.query('show stats');
  await expect(viewer.query('pause')).rejects.toThrow(/admin access/);
  await expect(connect(port, { database: 'pgbouncer' })).rejects.toThrow(/not allowed|authentication failed/);

  const log = await pooler.log();
  expect(log).not.toMatch(/(foo|pooler|monitoring|late|new|old)-password|SCRAM-SHA-256\$|md5[0-9a-f]{32}/);
});

test('prepared statements and parameters of the session go where the client goes', async () => {
  const { port } = await start({
    environment: { CONNECTION_POOLER_DEFAULT_SIZE: '2', CONNECTION_POOLER_RESERVE_SIZE: '0' },
  });
  // JDBC's parameter would be refused.
  const clients = await Promise.all(
    [1, 2, 3, 4, 5, 6].map((n) => connect(port, { application_name: `app${n}`, options: '-c geqo=off' })),
  );
  const ask = async (client: Client, n: number) => {
    const query = { name: 'sum', text: 'select $1::int + 1 as next, pg_backend_pid() as pid', values: [n] };
    return (await client.query(query)).rows[0] as { next: number; pid: number };
  };
  const rounds = await Promise.all(
    clients.map(async (client, n) => [
      await ask(client, n),
      await ask(client, n + 10),
      await ask(client, n + 20),
    ]),
  );
  expect(rounds.map((answers) => answers.map(({ next }) => next))).toEqual(
    clients.map((_client, n) => [n + 1, n + 11, n + 21]),
  );
  expect(new Set(rounds.flat().map(({ pid }) => pid)).size).toBeLessThanOrEqual(2);
  for (const [n, client] of clients.entries())
    expect((await client.query('show application_name')).rows).toEqual([{ application_name: `app${n + 1}` }]);
});

test('names with everything in them', async () => {
  const user = hostile.role;
  const { port } = await start({
    environment: { PGUSER: user, PGSCHEMA: hostile.schema },
    users: `"we'ird ""us er" "${user.replaceAll('"', '""')}-password"\n`,
  });
  expect(await whoAmI(await connect(port))).toBe('foo');
  // It would have made administrators of `we'ird` and `er`.
  await expect(connect(port, admin(user, `${user}-password`))).rejects.toThrow(
    /not allowed|authentication failed/,
  );
});

test("with the function of Zalando's operator", async () => {
  const { port } = await start({ environment: { PGSCHEMA: 'theirs' } });
  expect(await whoAmI(await connect(port))).toBe('foo');
  await expect(connect(port, { user: 'nobody' })).rejects.toThrow(/authentication failed/);
});

test('what is wrong is told, and nothing starts', async () => {
  const broken = async (environment: Record<string, string>, users?: string) => {
    const pooler = await start({ environment, ...(users === undefined ? {} : { users }) });
    expect(await pooler.exitCode()).toBe(64);
    return pooler.log();
  };
  expect(await broken({ PGUSER: 'a\nauth_type = any' })).toContain('PGUSER must be one line');
  expect(await broken(tlsEnvironment)).toMatch(/cannot read \/tls\/tls.crt.*uid 100.*fsGroup/);
});

test('without a list of users, with a read-only root and as any user: everything is in one folder', async () => {
  // As an `emptyDir` is.
  const folder = mkdtempSync(join(tmpdir(), 'pgherd-test-empty-'));
  chmodSync(folder, 0o777);
  toClose.push(async () => rmSync(folder, { recursive: true, force: true }));
  const { port } = await PoolerContainer.start({
    environment: {
      PGHOST: server.host,
      PGPORT: String(server.port),
      PGUSER: 'pooler',
      PGPASSWORD: 'pooler-password',
    },
    options: [
      '--read-only',
      '--volume',
      `${folder}:/run/pgbouncer`,
      '--user',
      '12345:0',
      '--cap-drop',
      'ALL',
    ],
  }).then((pooler) => {
    toClose.push(() => pooler.remove());
    return pooler;
  });
  expect(await whoAmI(await connect(port))).toBe('foo');
});

async function shownCertificate(port: number): Promise<string> {
  const command = `openssl s_client -starttls postgres -connect 127.0.0.1:${port} </dev/null | openssl x509 -noout -subject`;
  return (await run('sh', ['-c', command])).stdout.trim();
}

test('given certificates: the server is checked, and files that change are read again', async () => {
  const tls = tlsFolder();
  tls.give({ certificate: 'pooler', ca: 'ca' });
  const pooler = await start({ environment: tlsEnvironment, tls: tls.directory });
  const { port } = pooler;
  expect(await shownCertificate(port)).toBe('subject=CN = pooler');
  const first = await connect(port);
  expect(await whoAmI(first)).toBe('foo');
  expect(await pooler.exec('cat', '/run/pgbouncer/pgbouncer.ini')).toContain(
    'server_tls_sslmode = verify-ca',
  );

  tls.give({ certificate: 'renewed', ca: 'ca' });
  await eventually('the new certificate is shown', async () =>
    (await shownCertificate(port)).endsWith('renewed'),
  );
  expect(await whoAmI(first)).toBe('foo');
  expect(await whoAmI(await connect(port, { user: 'old', password: 'old-password' }))).toBe('old');

  // What cannot be used is left alone, and the server is checked as before.
  copyFileSync(join(certificates, 'other.key'), join(tls.directory, 'tls.key'));
  await eventually('that is told', async () =>
    (await pooler.log()).includes('is not the key of /tls/tls.crt'),
  );
  expect(await shownCertificate(port)).toBe('subject=CN = renewed');
  expect(await whoAmI(await connect(port, { user: 'pooler', password: 'pooler-password' }))).toBe('pooler');

  // Another CA that signed ours: the old one is still believed, and the server has a certificate of it.
  tls.give({ certificate: 'other', ca: 'other' });
  await eventually('the new certificate is shown', async () =>
    (await shownCertificate(port)).endsWith('other'),
  );
  expect(await whoAmI(await connect(port, { database: 'postgres' }))).toBe('foo');
});

test('a server with a certificate of another CA is not talked to', async () => {
  const tls = tlsFolder();
  tls.give({ certificate: 'other', ca: 'other' });
  const pooler = await start({ environment: tlsEnvironment, tls: tls.directory });
  await expect(connect(pooler.port, { connectionTimeoutMillis: 1000 })).rejects.toThrow(/timeout/);
  await eventually('that is told', async () => /certificate verif/i.test(await pooler.log()));
});

test('a CA that did not sign our own certificate says nothing about the server', async () => {
  const tls = tlsFolder();
  tls.give({ certificate: 'pooler', ca: 'other' });
  const pooler = await start({ environment: tlsEnvironment, tls: tls.directory });
  expect(await whoAmI(await connect(pooler.port))).toBe('foo');
  expect(await pooler.log()).toContain('/tls/ca.crt did not sign /tls/tls.crt');
});

test('a pooler that ends lets transactions end first', async () => {
  const pooler = await start();
  const busy = await connect(pooler.port);
  await connect(pooler.port);
  await busy.query('begin');
  await pooler.signal('TERM');
  await eventually('no new clients', () =>
    connect(pooler.port).then(
      () => false,
      () => true,
    ),
  );
  expect(await pooler.exitCode()).toBeUndefined();
  expect(await whoAmI(busy)).toBe('foo');
  await busy.query('commit');
  await eventually('the container ended', async () => (await pooler.exitCode()) !== undefined);
  expect(await pooler.exitCode()).toBe(0);
});

test('a pooler that nobody ever used ends, too', async () => {
  const pooler = await start();
  await pooler.signal('TERM');
  await eventually('the container ended', async () => (await pooler.exitCode()) !== undefined, {
    timeoutMs: 20_000,
  });
});

test('a pooler that is asked to end while it begins ends', async () => {
  const pooler = await begin();
  await pooler.signal('TERM');
  await eventually('the container ended', async () => (await pooler.exitCode()) !== undefined, {
    timeoutMs: 20_000,
  });
  expect(await pooler.exitCode()).toBe(0);
});

test('a PgBouncer that dies ends the container, with a code that says so', async () => {
  const pooler = await start();
  await pooler.exec('sh', '-c', 'kill -KILL $(pidof pgbouncer)');
  await eventually('the container ended', async () => (await pooler.exitCode()) !== undefined);
  expect(await pooler.exitCode()).toBe(137);
});

test('a second signal ends it at once', async () => {
  const pooler = await start();
  const busy = await connect(pooler.port);
  await busy.query('begin');
  await pooler.signal('TERM');
  await eventually('it is ending', async () => (await pooler.log()).includes('ending'));
  await pooler.signal('TERM');
  await eventually('the container ended', async () => (await pooler.exitCode()) !== undefined);
});
