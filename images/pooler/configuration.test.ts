import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';

const script = join(import.meta.dirname, 'scripts/configuration.sh');
const files = { USERS: '/users', CERTIFICATE: '/crt', KEY: '/key', SERVER_CA: '' };
const given = { PGHOST: 'acid-demo', PGPORT: '5432', PGUSER: 'pooler', PGSCHEMA: 'pooler' };

function run(variables: Record<string, string>) {
  const env = { PATH: process.env['PATH'] ?? '', ...files, ...given, ...variables };
  const { status, stdout, stderr } = spawnSync('sh', [script], { env, encoding: 'utf8' });
  return { status, ini: stdout, error: stderr };
}

/** Settings by section and name. */
function read(ini: string): Map<string, string> {
  const settings = new Map<string, string>();
  let section = '';
  for (const line of ini.split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    if (line.startsWith('[')) section = line;
    else {
      const [name = '', value] = line.split(/ = ?(.*)/s);
      if (value === undefined || settings.has(`${section} ${name}`)) throw new Error(`in the file: ${line}`);
      settings.set(`${section} ${name}`, value);
    }
  }
  return settings;
}

const names = [...read(run({}).ini).keys()];
const setting = (variables: Record<string, string>, name: string) =>
  read(run(variables).ini).get(`[pgbouncer] ${name}`);

test('what the operator sets', () => {
  const { status, ini, error } = run({
    CONNECTION_POOLER_PORT: '6432',
    CONNECTION_POOLER_MODE: 'session',
    CONNECTION_POOLER_DEFAULT_SIZE: '1',
    CONNECTION_POOLER_MIN_SIZE: '2',
    CONNECTION_POOLER_RESERVE_SIZE: '3',
    CONNECTION_POOLER_MAX_CLIENT_CONN: '4',
    CONNECTION_POOLER_MAX_DB_CONN: '5',
    INFRASTRUCTURE_ROLES: 'robot_zmon,monitoring',
  });
  expect({ status, error }).toEqual({ status: 0, error: '' });
  expect(Object.fromEntries(read(ini))).toMatchObject({
    '[databases] *': "host='acid-demo' port=5432 auth_user='pooler'",
    '[databases] postgres': "host='acid-demo' port=5432 auth_user='pooler'",
    '[pgbouncer] listen_port': '6432',
    '[pgbouncer] pool_mode': 'session',
    '[pgbouncer] default_pool_size': '1',
    '[pgbouncer] reserve_pool_size': '3',
    '[pgbouncer] max_client_conn': '4',
    '[pgbouncer] max_db_connections': '5',
    '[pgbouncer] admin_users': 'pooler',
    '[pgbouncer] stats_users': 'robot_zmon,monitoring',
    '[pgbouncer] auth_query': 'SELECT $1::text, phash FROM "pooler".user_lookup($1)',
    '[pgbouncer] client_tls_sslmode': 'require',
    '[pgbouncer] server_tls_sslmode': 'require',
  });
});

test('a certificate authority has servers checked', () => {
  expect(setting({ SERVER_CA: '/ca' }, 'server_tls_sslmode')).toBe('verify-ca');
  expect(setting({ SERVER_CA: '/ca' }, 'server_tls_ca_file')).toBe('/ca');
});

test.each([
  ['PGHOST', ''],
  ['PGUSER', ''],
  ['PGUSER', 'pooler\nauth_type = any'],
  ['PGSCHEMA', 'a\rb'],
  ['PGPORT', '5432 auth_user=postgres'],
  ['CONNECTION_POOLER_PORT', '-1'],
  ['CONNECTION_POOLER_MODE', 'Transaction'],
  ['CONNECTION_POOLER_DEFAULT_SIZE', '1e3'],
  ['CONNECTION_POOLER_MAX_DB_CONN', '12345678901'],
])('%s=%j is refused, by its name', (name, value) => {
  const { status, ini, error } = run({ [name]: value });
  expect(status).toBe(64);
  expect(ini).toBe('');
  expect(error).toContain(name);
});

test('a name that PgBouncer would take for two gives nobody rights', () => {
  for (const user of ['postgres,pooler', 'postgres pooler'])
    expect(setting({ PGUSER: user }, 'admin_users')).toBe('');
  expect(setting({ INFRASTRUCTURE_ROLES: 'a,b c,\u00e9,,d\ne' }, 'stats_users')).toBe('a,\u00e9');
  expect(run({ INFRASTRUCTURE_ROLES: 'b c' }).error).toContain('"b c" may not look into PgBouncer');
});

test('whatever the environment says, the file has the same lines, and the values are read back', () => {
  const special = fc.constantFrom(
    "'",
    '"',
    '\\',
    '\n',
    '\r',
    ';',
    '#',
    '%',
    '=',
    '[',
    ']',
    ' ',
    '$',
    '`',
    '*',
    ',',
    '\u00e9',
  );
  const text = fc.string({
    unit: fc.oneof(special, fc.string({ minLength: 1, maxLength: 3 })),
    minLength: 1,
    maxLength: 6,
  });
  const safe = text.filter((value) => !value.includes('\0'));
  fc.assert(
    fc.property(safe, safe, safe, safe, (PGHOST, PGUSER, PGSCHEMA, INFRASTRUCTURE_ROLES) => {
      const { status, ini } = run({ PGHOST, PGUSER, PGSCHEMA, INFRASTRUCTURE_ROLES });
      // eslint-disable-next-line no-control-regex
      const refused = [PGHOST, PGUSER, PGSCHEMA].some((value) => /[\0-\x1f\x7f]/.test(value));
      expect(status).toBe(refused ? 64 : 0);
      if (refused) return;
      const settings = read(ini);
      expect([...settings.keys()]).toEqual(names);
      const inQuotes = (value: string) => `'${value.replaceAll("'", "''")}'`;
      expect(settings.get('[databases] *')).toBe(
        `host=${inQuotes(PGHOST)} port=5432 auth_user=${inQuotes(PGUSER)}`,
      );
      expect(settings.get('[pgbouncer] auth_query')).toBe(
        `SELECT $1::text, phash FROM "${PGSCHEMA.replaceAll('"', '""')}".user_lookup($1)`,
      );
      expect(settings.get('[pgbouncer] admin_users')).toBe(/[\s,]/.test(PGUSER) ? '' : PGUSER);
    }),
    { numRuns: 60 },
  );
});
