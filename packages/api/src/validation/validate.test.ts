import { expect, test } from 'vitest';
import { defaultConfiguration } from '../configuration/assemble.ts';
import type { Configuration } from '../configuration/keys.ts';
import type { Postgresql } from '../postgresql/postgresql.ts';
import type { PostgresqlSpec } from '../postgresql/spec.ts';
import { manifest } from '../testing.ts';
import { forbiddenContainers } from './containers.ts';
import { validatePostgresql } from './validate.ts';

/** `severity field` of each problem. */
function problems(object: Postgresql, configuration: Partial<Configuration> = {}): string[] {
  return validatePostgresql(object, { ...defaultConfiguration(), ...configuration }).map(
    ({ severity, field }) => `${severity} ${field}`,
  );
}

test('a manifest that uses most fields rightly has no problem', () => {
  const object = manifest({
    users: { zalando: ['superuser', 'createdb'], foo_user: [], 'a.b-c': null },
    databases: { foo: 'zalando' },
    preparedDatabases: { bar: { schemas: { data: {} }, extensions: { pg_partman: 'data' } } },
    maintenanceWindows: ['01:00-06:00', 'Sat:00:00-04:00'],
    resources: { requests: { cpu: '100m', memory: '100Mi' }, limits: { cpu: '1', memory: '500Mi' } },
    patroni: { ttl: 30, loop_wait: 10, retry_timeout: 10, slots: { s_1: { type: 'physical' } } },
    clone: { cluster: 'acid-other' },
    allowedSourceRanges: ['10.0.0.0/8', '2001:db8::/32'],
  });
  expect(problems(object)).toEqual([]);
});

test.each<[string, Partial<PostgresqlSpec>, string[]]>([
  ['a team that is no label', { teamId: 'the team' }, ['error spec.teamId']],
  ['no team', { teamId: '' }, []],
  ['a bad annotation of pods', { podAnnotations: { 'a b': 'x' } }, ['error spec.podAnnotations.a b']],
  ['a bad annotation', { serviceAnnotations: { '/x': 'x' } }, ['error spec.serviceAnnotations./x']],
  [
    "bad annotations of one role's Services",
    { masterServiceAnnotations: { 'a/b/c': 'x' }, replicaServiceAnnotations: { '': 'x' } },
    ['error spec.masterServiceAnnotations.a/b/c', 'error spec.replicaServiceAnnotations.'],
  ],
  ['annotations with capitals', { podAnnotations: { 'Example.org/Team': 'x' } }, []],
  [
    'names that no object can have',
    {
      podPriorityClassName: 'High!',
      schedulerName: 'my scheduler',
      volume: { size: '1Gi', storageClass: 'Fast' },
      tls: { secretName: 'TLS', caFile: 'ca.crt', caSecretName: '-' },
    },
    [
      'error spec.podPriorityClassName',
      'error spec.schedulerName',
      'error spec.volume.storageClass',
      'error spec.tls.secretName',
      'error spec.tls.caSecretName',
    ],
  ],
  [
    'images with blanks',
    {
      dockerImage: 'spilo 1',
      connectionPooler: { dockerImage: ' pooler' },
      sidecars: [{ name: 'a', image: 'a b' }],
    },
    ['error spec.dockerImage', 'error spec.connectionPooler.dockerImage', 'error spec.sidecars[0].image'],
  ],
  ['a pooler of nobody', { connectionPooler: { user: 'the pooler' } }, ['error spec.connectionPooler.user']],
  ['a clone of nothing', { clone: { cluster: '' } }, []],
  ['a standby cluster of nothing', { standby: { standby_host: '' } }, ['error spec.standby']],
  [
    "a certificate as in Zalando's example",
    { tls: { secretName: '', certificateFile: 'tls.crt', caFile: '', caSecretName: '' } },
    [],
  ],
  [
    'parameters that PostgreSQL would not start with',
    {
      postgresql: {
        version: '17',
        parameters: { log_filename: 'a\nb', work_mem: '1MB\n', search_path: "it's" },
      },
    },
    ['error spec.postgresql.parameters.log_filename', 'error spec.postgresql.parameters.work_mem'],
  ],
  ['contradicting flags', { users: { a: ['createdb', 'NOCREATEDB'] } }, ['error spec.users.a']],
  ['login and nologin', { users: { a: ['nologin', 'login'] } }, ['error spec.users.a']],
  ['a bad user name', { users: { Foo: [] } }, ['error spec.users.Foo']],
  ['a reserved user name', { users: { pg_foo: [] } }, ['error spec.users.pg_foo']],
  ['too long a user name', { users: { ['x'.repeat(64)]: [] } }, [`error spec.users.${'x'.repeat(64)}`]],
  ['two users with one Secret', { users: { 'a-b': [], a_b: [] } }, ['error spec.users.a_b']],
  ['a database without owner', { databases: { foo: '' } }, ['error spec.databases.foo']],
  [
    'a bad database name',
    { users: { a: [] }, databases: { 'foo-bar': 'a' } },
    ['warning spec.databases.foo-bar'],
  ],
  [
    'two owners for one database',
    { users: { a: [] }, databases: { foo: 'a' }, preparedDatabases: { foo: {} } },
    ['warning spec.preparedDatabases.foo'],
  ],
  [
    'a prepared database that spec.databases knows the same owner of',
    { databases: { foo: 'foo_owner' }, preparedDatabases: { foo: {} } },
    [],
  ],
  [
    'a prepared database with too long roles',
    { preparedDatabases: { ['x'.repeat(57)]: { schemas: { s: { defaultRoles: false } } } } },
    [`error spec.preparedDatabases.${'x'.repeat(57)}`],
  ],
  [
    'a prepared database with roles that just fit',
    { preparedDatabases: { ['x'.repeat(56)]: { schemas: { s: { defaultRoles: false } } } } },
    [],
  ],
  [
    'a schema with too long LOGIN roles',
    { preparedDatabases: { foo: { schemas: { ['x'.repeat(48)]: { defaultUsers: true } } } } },
    [`error spec.preparedDatabases.foo.schemas.${'x'.repeat(48)}`],
  ],
  [
    'a prepared database with reserved roles',
    { preparedDatabases: { pg: { schemas: { s: { defaultRoles: false } } } } },
    ['error spec.preparedDatabases.pg'],
  ],
  [
    'a database and a schema with the same roles',
    { preparedDatabases: { foo: { schemas: { bar: {} } }, foo_bar: { schemas: { public: {} } } } },
    ['error spec.preparedDatabases.foo_bar'],
  ],
  [
    'a schema that PostgreSQL keeps for itself',
    { preparedDatabases: { foo: { schemas: { pg_x: { defaultRoles: false } } } } },
    ['error spec.preparedDatabases.foo.schemas.pg_x'],
  ],
  [
    'rotation both ways',
    { usersWithSecretRotation: ['a'], usersIgnoringSecretRotation: ['a'] },
    ['error spec.usersWithSecretRotation'],
  ],
  ['clone and standby', { clone: { cluster: 'x' }, standby: { standby_host: 'h' } }, ['error spec.standby']],
  ['a clone of itself', { clone: { cluster: 'acid-demo' } }, ['error spec.clone.cluster']],
  ['a clone of no cluster', { clone: { cluster: 'Not a name' } }, ['error spec.clone.cluster']],
  [
    'a standby port that is none',
    { standby: { standby_host: 'h', standby_port: '99999' } },
    ['error spec.standby.standby_port'],
  ],
  [
    'a window past midnight',
    { maintenanceWindows: ['Mon:23:00-01:00'] },
    ['error spec.maintenanceWindows[0]'],
  ],
  [
    'limit below request',
    { resources: { requests: { memory: '1Gi' }, limits: { memory: '500Mi' } } },
    ['warning spec.resources.limits.memory'],
  ],
  ['no size', { volume: { size: '0' } }, ['error spec.volume.size']],
  [
    'a sidecar called postgres',
    { sidecars: [{ name: 'postgres', image: 'x' }] },
    ['error spec.sidecars[0].name'],
  ],
  ['a sidecar without image', { sidecars: [{ name: 'x' }] }, ['error spec.sidecars[0].image']],
  ['a sidecar with a bad name', { sidecars: [{ name: 'X_1', image: 'x' }] }, ['error spec.sidecars[0].name']],
  ['a variable without name', { env: [{ name: '' }] }, ['error spec.env[0].name']],
  ['a variable with a bad name', { env: [{ name: '1=2' }] }, ['error spec.env[0].name']],
  [
    'two init containers of one name',
    {
      initContainers: [
        { name: 'x', image: 'x' },
        { name: 'x', image: 'x' },
      ],
    },
    ['error spec.initContainers[1].name'],
  ],
  [
    'a variable twice',
    { initContainers: [{ name: 'x', image: 'x', env: [{ name: 'A' }, { name: 'A' }] }] },
    ['error spec.initContainers[0].env'],
  ],
  [
    'an init container without image',
    { initContainers: [{ name: 'init' }] },
    ['error spec.initContainers[0].image'],
  ],
  [
    'a volume with a bad name and path',
    { additionalVolumes: [{ name: 'V', mountPath: 'a:b', subPath: '../x', volumeSource: {} }] },
    [
      'error spec.additionalVolumes[0].name',
      'error spec.additionalVolumes[0].mountPath',
      'error spec.additionalVolumes[0].subPath',
    ],
  ],
  [
    'a volume for no container',
    { additionalVolumes: [{ name: 'v', mountPath: '/v', volumeSource: {}, targetContainers: ['x'] }] },
    ['warning spec.additionalVolumes[0].targetContainers'],
  ],
  ['a slot with a bad name', { patroni: { slots: { 'A-1': {} } } }, ['error spec.patroni.slots.A-1']],
  ['ttl too short', { patroni: { ttl: 20, loop_wait: 10, retry_timeout: 10 } }, ['warning spec.patroni.ttl']],
  ['a port without its flag', { masterNodePort: 30000 }, ['warning spec.masterNodePort']],
  ['half an IPv6 network', { allowedSourceRanges: ['1:2/64'] }, ['error spec.allowedSourceRanges[0]']],
])('%s', (_what, spec, expected) => {
  expect(problems(manifest(spec))).toEqual(expected);
});

test.each([
  ['1st', ['error metadata.name']],
  ['Upper', ['error metadata.name']],
  ['x'.repeat(52), []],
  ['x'.repeat(53), ['warning metadata.name']],
  ['x'.repeat(57), ['error metadata.name']],
])('cluster name %s', (name, expected) => {
  expect(problems(manifest({}, name))).toEqual(expected);
});

test('with ConfigMaps there is no Service -config, so the name may be longer', () => {
  expect(problems(manifest({}, 'x'.repeat(58)), { kubernetes_use_configmaps: true })).toEqual([
    'warning metadata.name',
  ]);
  expect(problems(manifest({}, 'x'.repeat(59)), { kubernetes_use_configmaps: true })).toEqual([
    'error metadata.name',
  ]);
});

test('the team prefix is asked for where it is configured', () => {
  const configuration = { enable_team_id_clustername_prefix: true };
  expect(problems(manifest({}, 'acid-demo'), configuration)).toEqual([]);
  expect(problems(manifest({}, 'acid-'), configuration)).toContain('error metadata.name');
  expect(problems(manifest({}, 'other-demo'), configuration)).toEqual(['error metadata.name']);
  expect(problems(manifest({ teamId: '' }), configuration)).toEqual(['error spec.teamId']);
});

test('an object that does not fit the schema gives errors, not exceptions', () => {
  for (const spec of [
    undefined,
    null,
    'x',
    {},
    { ...manifest().spec, users: { a: 'superuser' }, sidecars: 7 },
  ]) {
    const found = problems({ ...manifest(), spec } as unknown as Postgresql);
    expect(found.some((problem) => problem.startsWith('error spec'))).toBe(true);
  }
});

test('sidecars and init containers can be forbidden', () => {
  const object = manifest({
    sidecars: [{ name: 's', image: 'x' }],
    initContainers: [{ name: 'i', image: 'x' }],
  });
  const found = (enabled: boolean) =>
    forbiddenContainers(object, {
      ...defaultConfiguration(),
      enable_sidecars: enabled,
      enable_init_containers: enabled,
    }).map(({ field }) => field);
  expect(found(true)).toEqual([]);
  expect(found(false)).toEqual(['spec.sidecars', 'spec.initContainers']);
});
