import { expect, test } from 'vitest';
import { findVersion, type HostFacts } from './host-facts.ts';
import { deepMerge } from './merge.ts';
import { patroniConfiguration } from './patroni-configuration.ts';
import { parseSettings, type Mapping } from './settings.ts';

const environment = {
  DCS_ENABLE_KUBERNETES_API: 'true',
  SCOPE: 'demo',
  HOSTNAME: 'demo-0',
  POD_IP: '10.0.0.7',
  POD_NAMESPACE: 'team',
  PGPASSWORD_SUPERUSER: 's3cret',
  PGPASSWORD_STANDBY: 's4cret',
  PGVERSION: '17',
};
const MiB = 1024 * 1024;
const facts: HostFacts = {
  version: '17',
  binDir: '/usr/lib/postgresql/17/bin',
  memory: { bytes: 500 * MiB, limited: true },
  hasLibrary: (name) => ['pg_stat_statements', 'pg_cron'].includes(name),
};

function configure(extra: Record<string, string> = {}, changed: Partial<HostFacts> = {}): Mapping {
  return patroniConfiguration(parseSettings({ ...environment, ...extra }), { ...facts, ...changed })
    .configuration;
}

function at(value: unknown, ...path: string[]): unknown {
  return path.reduce<unknown>((inner, key) => (inner as Mapping | undefined)?.[key], value);
}

test('Endpoints carry the leader by default, ConfigMaps when asked for', () => {
  expect(at(configure(), 'kubernetes')).toMatchObject({
    use_endpoints: true,
    pod_ip: '10.0.0.7',
    ports: [{ port: 5432, name: 'postgresql' }],
  });
  expect(at(configure({ KUBERNETES_USE_CONFIGMAPS: 'true' }), 'kubernetes')).not.toHaveProperty(
    'use_endpoints',
  );
});

test('the member is found under its own address', () => {
  expect(configure()).toMatchObject({
    scope: 'demo',
    name: 'demo-0',
    namespace: 'team',
    restapi: { connect_address: '10.0.0.7:8008' },
    postgresql: { connect_address: '10.0.0.7:5432' },
  });
});

test("the user's configuration merges mappings and replaces lists", () => {
  const configuration = configure({
    SPILO_CONFIGURATION: JSON.stringify({
      postgresql: { parameters: { work_mem: '8MB' } },
      bootstrap: { initdb: [{ 'auth-host': 'scram-sha-256' }], dcs: { ttl: 20 } },
    }),
  });
  expect(at(configuration, 'postgresql', 'parameters', 'work_mem')).toBe('8MB');
  expect(at(configuration, 'postgresql', 'parameters', 'ssl')).toBe('on');
  expect(at(configuration, 'bootstrap', 'initdb')).toEqual([{ 'auth-host': 'scram-sha-256' }]);
  expect(at(configuration, 'bootstrap', 'dcs')).toMatchObject({ ttl: 20, loop_wait: 10 });
});

test('libraries that the image lacks are left out, with their settings', () => {
  const parameters = at(configure(), 'postgresql', 'parameters') as Mapping;
  expect(parameters['shared_preload_libraries']).toBe('pg_stat_statements,pg_cron');
  expect(Object.keys(parameters).filter((key) => /^(bg_mon|extwlist)\./.test(key))).toEqual([]);
  expect(parameters['pg_stat_statements.track_utility']).toBe('off');
});

test("a manifest's own libraries replace the image's, and its own settings of them win", () => {
  const configuration = configure({
    SPILO_CONFIGURATION: JSON.stringify({
      postgresql: { parameters: { shared_preload_libraries: 'pg_cron' } },
      bootstrap: { dcs: { postgresql: { parameters: { 'cron.host': 'localhost' } } } },
    }),
  });
  const own = at(configuration, 'postgresql', 'parameters') as Mapping;
  expect(own['shared_preload_libraries']).toBe('pg_cron');
  // What a member says itself would win over what the operator writes into the store later.
  expect(own).not.toHaveProperty(['cron.host']);
  expect(at(configuration, 'bootstrap', 'dcs', 'postgresql', 'parameters', 'cron.host')).toBe('localhost');
});

test('jobs connect over the socket, and without the library nothing is said about them', () => {
  const parameters = (has: string[]): unknown => {
    const configuration = configure({}, { hasLibrary: (name) => has.includes(name) });
    return at(configuration, 'bootstrap', 'dcs', 'postgresql', 'parameters');
  };
  expect(parameters(['pg_cron', 'pgoutput', 'wal2json'])).toMatchObject({
    'cron.host': '/run/postgresql',
    output_plugin_libraries: 'pgoutput,wal2json',
  });
  expect(parameters([])).not.toHaveProperty(['cron.host']);
});

test('a library that a person asked for and that is missing is named', () => {
  const settings = parseSettings({
    ...environment,
    SPILO_CONFIGURATION: '{"postgresql":{"parameters":{"shared_preload_libraries":"pg_cron, citus"}}}',
  });
  expect(patroniConfiguration(settings, facts).warnings).toEqual([
    'shared_preload_libraries: left out citus, which this image does not have',
  ]);
});

test.each([
  [500, true, '100MB', 100],
  [100_000, true, '20000MB', 1000],
  [24_000, false, '512MB', 800],
])(
  'memory of %i MiB (limited: %s) gives shared_buffers %s and %i connections',
  (size, limited, buffers, connections) => {
    const configuration = configure({}, { memory: { bytes: size * MiB, limited } });
    expect(at(configuration, 'postgresql', 'parameters', 'shared_buffers')).toBe(buffers);
    expect(at(configuration, 'bootstrap', 'dcs', 'postgresql', 'parameters', 'max_connections')).toBe(
      connections,
    );
  },
);

test('unencrypted connections are rejected unless allowed', () => {
  const lines = (extra: Record<string, string>): string =>
    (at(configure(extra), 'postgresql', 'pg_hba') as string[]).join('\n');
  expect(lines({})).toMatch(/hostnossl +all +all +all +reject/);
  expect(lines({ ALLOW_NOSSL: 'true' })).not.toMatch(/reject/);
});

test('people log in with tokens over TLS, before any line that would ask them for a password', () => {
  const PAM_OAUTH2 = 'https://info.example.com/?access_token= uid';
  const lines = at(configure({ PAM_OAUTH2 }), 'postgresql', 'pg_hba') as string[];
  expect(lines.map((line) => line.replaceAll(/ +/g, ' '))).toEqual([
    'local all all trust',
    'hostssl all +zalandos 127.0.0.1/32 pam',
    'host all all 127.0.0.1/32 md5',
    'hostssl all +zalandos ::1/128 pam',
    'host all all ::1/128 md5',
    'local replication standby trust',
    'hostssl replication standby all md5',
    'hostnossl all all all reject',
    'hostssl all +zalandos all pam',
    'hostssl all all all md5',
  ]);
  expect((at(configure(), 'postgresql', 'pg_hba') as string[]).join()).not.toMatch(/pam|zalandos/);
});

test('a standby cluster streams from its source', () => {
  const configuration = configure({
    STANDBY_HOST: 'other',
    STANDBY_PORT: '5433',
    STANDBY_PRIMARY_SLOT_NAME: 'slot',
  });
  expect(at(configuration, 'bootstrap', 'dcs', 'standby_cluster')).toEqual({
    host: 'other',
    port: 5433,
    primary_slot_name: 'slot',
  });
});

test('the version comes from the data directory, then bin_dir, then PGVERSION', () => {
  const settings = parseSettings(environment);
  const withBinDir = parseSettings({
    ...environment,
    SPILO_CONFIGURATION: '{"postgresql":{"bin_dir":"/usr/lib/postgresql/16/bin"}}',
  });
  expect(findVersion(settings, ['16', '17'], undefined)).toBe('17');
  expect(findVersion(withBinDir, ['16', '17'], undefined)).toBe('16');
  expect(findVersion(withBinDir, ['15', '16'], '15')).toBe('15');
  expect(() => findVersion(settings, ['16'], undefined)).toThrow('PGVERSION: wanted is version "17"');
  expect(() => findVersion(settings, ['17'], '15')).toThrow('the data directory is of version "15"');
});

test('merging never changes its arguments', () => {
  const base = { a: { b: 1 }, list: [1, 2] };
  expect(deepMerge(base, { a: { c: 2 }, list: [3] })).toEqual({ a: { b: 1, c: 2 }, list: [3] });
  expect(base).toEqual({ a: { b: 1 }, list: [1, 2] });
});
