import type { Configuration, Postgresql } from '@pgherd/api';
import { expect, test } from 'vitest';
import { testConfiguration, testManifest } from '../../testing/cluster.ts';
import type { InfrastructureRole, Person } from '../input.ts';
import { clusterRoles } from './cluster-roles.ts';

interface Given {
  spec?: Partial<Postgresql['spec']>;
  configuration?: Partial<Configuration>;
  infrastructure?: Partial<InfrastructureRole>[];
  people?: Partial<Person>[];
}

function rolesOf({ spec, configuration, infrastructure = [], people = [] }: Given) {
  return clusterRoles({
    manifest: testManifest({ users: {}, databases: {}, ...spec }),
    configuration: testConfiguration(configuration),
    infrastructure: infrastructure.map((role, index) => ({
      name: 'robot',
      password: 'secret',
      flags: [],
      memberOf: [],
      settings: {},
      source: `key user${index + 1}`,
      ...role,
    })),
    people: people.map((person) => ({ name: 'jane', team: 'acid', isSuperuser: false, ...person })),
  });
}

/** `origin name`, without the system's. */
function origins(given: Given): string[] {
  return rolesOf(given)
    .roles.filter(({ origin }) => origin !== 'system')
    .map(({ origin, name }) => `${origin} ${name}`);
}

const fields = (given: Given) => rolesOf(given).problems.map(({ field }) => field);

test('of two roles of one name that of the later origin wins, and the other is told', () => {
  const user = { spec: { users: { x: [] } } };
  const robot = { infrastructure: [{ name: 'x' }] };
  const jane = { people: [{ name: 'x' }] };
  expect(origins({ ...user, ...robot })).toEqual(['infrastructure x']);
  expect(fields({ ...user, ...robot })).toEqual(['spec.users.x']);
  expect(origins({ ...user, ...robot, ...jane })).toEqual(['team x']);
  expect(fields({ ...user, ...robot, ...jane })).toEqual(['spec.users.x', 'key user1']);
  const prepared = { users: { foo_owner: [] }, preparedDatabases: { foo: { schemas: { public: {} } } } };
  expect(origins({ spec: prepared, people: [{ name: 'foo_owner' }] })).toContain('prepared foo_owner');
  expect(fields({ spec: prepared, people: [{ name: 'foo_owner' }] })).toEqual([
    'spec.users.foo_owner',
    'team acid',
  ]);
});

test('of two roles of one name and origin the later wins', () => {
  const { roles, problems } = rolesOf({ infrastructure: [{ flags: ['createdb'] }, {}] });
  expect(roles.find(({ name }) => name === 'robot')).toMatchObject({ source: 'key user2', flags: [] });
  expect(problems.map(({ field }) => field)).toEqual(['key user1']);
});

test.each(['admin', 'cron_admin', 'postgres', 'standby'])('nobody may be called %s', (name) => {
  const given = { spec: { users: { [name]: [] } }, infrastructure: [{ name }], people: [{ name }] };
  expect(origins(given)).toEqual([]);
  expect(fields(given)).toEqual([`spec.users.${name}`, 'key user1', 'team acid']);
  expect(rolesOf(given).roles.map(({ name: each }) => each)).toEqual(['postgres', 'standby']);
});

test('a role that an active pooler cannot have is told, with the one that it has', () => {
  const { roles, problems } = rolesOf({
    spec: { enableConnectionPooler: true, connectionPooler: { user: 'postgres' } },
  });
  expect(roles.filter(({ origin }) => origin === 'pooler').map(({ name }) => name)).toEqual(['pooler']);
  expect(problems).toEqual([
    {
      severity: 'warning',
      field: 'spec.connectionPooler.user',
      message:
        '`postgres` is a system role or protected, so poolers look up passwords as `pooler`; name another role, or none.',
    },
  ]);
  const off = { enableConnectionPooler: false, connectionPooler: { user: 'postgres' } };
  expect(fields({ spec: off })).toEqual([]);
});

test('the role of an active pooler is nobody else’s, that of one that is off may be', () => {
  const users = { pooler: ['createdb' as const] };
  expect(origins({ spec: { users } })).toEqual(['manifest pooler']);
  const active = { spec: { users, enableConnectionPooler: true }, infrastructure: [{ name: 'pooler' }] };
  expect(origins(active)).toEqual(['pooler pooler']);
  expect(fields(active)).toEqual(['spec.users.pooler', 'key user1']);
});

test('not even a prepared database gets at the superuser', () => {
  const given = {
    spec: { preparedDatabases: { foo: {} } },
    configuration: { super_username: 'foo_owner' },
  };
  expect(rolesOf(given).roles.find(({ name }) => name === 'foo_owner')).toMatchObject({ origin: 'system' });
  expect(fields(given)).toEqual(['spec.preparedDatabases.foo']);
});

test.each([
  ['', 'must have a name'],
  ['pg_robot', 'reserves'],
  ['x'.repeat(64), '64 bytes'],
  ['ä'.repeat(32), '64 bytes'],
  ['Robot', 'cannot be called'],
  ['a b', 'cannot be called'],
  ['-', 'cannot be called'],
])('%s is refused, with a reason', (name, reason) => {
  const { roles, problems } = rolesOf({ infrastructure: [{ name }, { name: 'good' }] });
  expect(problems).toMatchObject([{ field: 'key user1', severity: 'warning' }]);
  expect(problems[0]?.message).toContain(reason);
  expect(roles.map((role) => role.name)).toEqual(['postgres', 'standby', 'good']);
});

test('wrong attributes cost the role only, and the password is in no message', () => {
  const wrong = { flags: ['superuser1'], password: 'hunter2' };
  const { roles, problems } = rolesOf({ infrastructure: [wrong, { name: 'good' }] });
  expect(roles.map(({ name }) => name)).toEqual(['postgres', 'standby', 'good']);
  expect(problems[0]?.message).toContain('`superuser1` is not a role attribute');
  expect(JSON.stringify(problems)).not.toContain('hunter2');
});

test('of two roles whose Secrets would have one name, the one with less weight is refused', () => {
  const prepared = {
    users: { 'foo-owner-user': [] },
    preparedDatabases: { foo: { defaultUsers: true } },
  };
  expect(origins({ spec: prepared })).not.toContain('manifest foo-owner-user');
  expect(origins({ spec: prepared })).toContain('prepared foo_owner_user');
  expect(fields({ spec: prepared })).toEqual(['spec.users.foo-owner-user']);
  const robots = { spec: { users: { a_b: [] } }, infrastructure: [{ name: 'a-b' }] };
  expect(origins(robots)).toEqual(['infrastructure a-b']);
});

test('a prepared database whose LOGIN roles could have no Secret still has its groups', () => {
  const spec = {
    preparedDatabases: { Foo: { defaultUsers: true, schemas: { public: { defaultRoles: false } } } },
  };
  expect(origins({ spec })).toEqual(['prepared Foo_owner', 'prepared Foo_reader', 'prepared Foo_writer']);
  expect(fields({ spec })).toEqual(Array(3).fill('spec.preparedDatabases.Foo'));
});

test('who administers roles of manifests, and what owners are members of', () => {
  const spec = { users: { app: [], other: [] }, databases: { foo: 'app' } };
  const of = (configuration: Partial<Configuration>) =>
    rolesOf({ spec, configuration })
      .roles.filter(({ origin }) => origin === 'manifest')
      .map(({ memberOf, admins }) => [memberOf, admins]);
  expect(of({})).toEqual([
    [[], ['admin']],
    [[], ['admin']],
  ]);
  expect(of({ enable_admin_role_for_users: false })[0]).toEqual([[], []]);
  expect(of({ team_admin_role: '' })[0]).toEqual([[], []]);
  expect(of({ team_admin_role: 'app', additional_owner_roles: ['cron_admin', 'app'] })).toEqual([
    [['cron_admin'], []],
    [[], ['app']],
  ]);
  // Members of each other cannot be.
  expect(of({ additional_owner_roles: ['admin'] })[0]).toEqual([['admin'], []]);
});

test('an owner of exactly one database has it in its Secret', () => {
  const spec = { users: { one: [], two: [], plain: [] }, databases: { a: 'one', b: 'two', c: 'two' } };
  const secrets = rolesOf({ spec }).roles.flatMap(({ name, origin, secret }) =>
    origin === 'manifest' ? [[name, secret?.database]] : [],
  );
  expect(secrets).toEqual([
    ['one', 'a'],
    ['plain', undefined],
    ['two', undefined],
  ]);
});

test('people have no Secret; superusers are no members of the role of administrators', () => {
  const people = [{}, { name: 'joe', isSuperuser: true }];
  const roles = rolesOf({ people }).roles.filter(({ origin }) => origin === 'team');
  expect(roles.map(({ name, flags, memberOf, settings }) => ({ name, flags, memberOf, settings }))).toEqual([
    { name: 'jane', flags: ['login'], memberOf: ['zalandos', 'admin'], settings: { log_statement: 'all' } },
    {
      name: 'joe',
      flags: ['login', 'superuser'],
      memberOf: ['zalandos'],
      settings: { log_statement: 'all' },
    },
  ]);
  expect(roles.some(({ secret }) => secret !== undefined)).toBe(false);
});
