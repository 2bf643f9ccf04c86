import { expect, test } from 'vitest';
import { secretName } from '../names.ts';
import { testConfiguration, testManifest, testRemembered } from '../testing/cluster.ts';
import { databaseGoal, renderDatabase } from './database.ts';
import type { RenderInput } from './input.ts';
import { secretRoles } from './roles/secret-roles.ts';

/** Everything is there but the Secrets of `missing`. */
function input(spec: object, missing: string[] = [], more: Partial<RenderInput> = {}): RenderInput {
  const [manifest, configuration] = [testManifest(spec), testConfiguration()];
  const secrets = secretRoles({ manifest, configuration, ...more })
    .filter(({ name }) => !missing.includes(name))
    .map(
      ({ name }) =>
        [
          secretName(configuration, 'acid-demo', name),
          { credentials: { username: name, password: 'x' } },
        ] as const,
    );
  return { manifest, configuration, remembered: testRemembered({ secrets: new Map(secrets) }), ...more };
}

const names = (given: RenderInput) => renderDatabase(given).declared.roles.map(({ name }) => name);

test('a role without its password, and what is its, wait; nothing else does', () => {
  const spec = {
    users: { a: [], b: [] },
    databases: { one: 'a', two: 'b' },
    enableConnectionPooler: true,
    preparedDatabases: { foo: { defaultUsers: true } },
  };
  const all = renderDatabase(input(spec));
  expect(all.missing).toEqual([]);
  expect(all.declared.lookup).toEqual({ role: 'pooler', schema: 'pooler' });
  const { declared, missing } = renderDatabase(input(spec, ['a', 'pooler', 'foo_owner_user']));
  expect(missing.map(({ role }) => role)).toEqual(['a', 'foo_owner_user', 'pooler']);
  const left = all.declared.roles.filter((role) => !['a', 'pooler', 'foo_owner_user'].includes(role.name));
  expect(declared.roles).toEqual(left);
  expect(declared.databases.map(({ name }) => name)).toEqual(['foo', 'two']);
  // A table that the owner made before all default privileges stand would be nobody else's.
  const [foo] = all.declared.databases;
  expect(new Set(foo?.defaultPrivileges?.map(({ owner }) => owner))).toEqual(
    new Set(['foo_owner', 'foo_owner_user', 'foo_data_owner']),
  );
  expect(declared.databases[0]).toEqual({ name: 'foo', owner: 'foo_owner', source: foo?.source });
  expect(declared.lookup).toBeUndefined();
});

test('nobody becomes a member of a role that waits', () => {
  const robot = { password: 'x', flags: [], settings: {}, source: 'key user1' };
  const infrastructure = [{ ...robot, name: 'robot', memberOf: ['a', 'b'], adminRole: 'a' }];
  const { declared } = renderDatabase(input({ users: { a: [], b: [] } }, ['a'], { infrastructure }));
  expect(declared.roles.find(({ name }) => name === 'robot')).toMatchObject({ memberOf: ['b'] });
  expect(declared.roles.find(({ name }) => name === 'robot')).not.toHaveProperty('admins');
});

test('the plan waits for the superuser alone', () => {
  const goal = (missing: string[]) => {
    const given = input({}, missing);
    return databaseGoal(given, renderDatabase(given));
  };
  expect(goal(['foo_user'])).toMatchObject({
    hasSuperuser: true,
    missing: [expect.stringContaining('foo-user')],
  });
  expect(goal(['postgres'])).toMatchObject({ hasSuperuser: false });
  expect(goal([])?.fingerprint).not.toBe(goal(['foo_user'])?.fingerprint);
});

test('groups are declared only where somebody needs them, and only to be there', () => {
  expect(names(input({ users: {} }))).toEqual(['postgres', 'standby']);
  const people = [{ name: 'jane', team: 'acid', isSuperuser: false }];
  const { declared } = renderDatabase(input({ users: {} }, [], { people }));
  expect(declared.roles.slice(0, 2)).toEqual([
    { name: 'admin', source: 'team_admin_role', attributes: {} },
    { name: 'zalandos', source: 'pam_role_name', attributes: {} },
  ]);
  expect(declared.roles.at(-1)).toMatchObject({ name: 'jane', password: null, person: true });
});

test('who is to lose login is only said while it is known who is there', () => {
  const configuration = testConfiguration({
    enable_team_member_deprecation: true,
    role_deletion_suffix: '_x',
  });
  const of = (more: Partial<RenderInput>) => renderDatabase(input({}, [], more)).declared.people;
  expect(of({ configuration, people: [] })).toEqual({ departedSuffix: '_x' });
  expect(of({ configuration, people: [], unknownTeams: [] })).toEqual({ departedSuffix: '_x' });
  // Nobody has left a team that nobody could ask.
  expect(of({ configuration, people: [], unknownTeams: ['acid'] })).toBeUndefined();
  expect(of({ configuration })).toBeUndefined();
  expect(of({ people: [] })).toBeUndefined();
});

test('names that cannot be, and databases of PostgreSQL itself, are left out', () => {
  const databases = { 'foo-bar': 'foo_user', template1: 'foo_user', ok: 'foo_user' };
  const given = input({ databases, preparedDatabases: { 'no-name': {} } });
  expect(renderDatabase(given).declared.databases.map(({ name }) => name)).toEqual(['ok']);
});

test('LOGIN roles that could have no Secret own nothing', () => {
  const { declared } = renderDatabase(
    input({ databases: {}, preparedDatabases: { Foo: { defaultUsers: true } } }),
  );
  const names = new Set(declared.roles.map(({ name }) => name));
  expect(names.has('Foo_owner_user')).toBe(false);
  const owners = declared.databases[0]?.defaultPrivileges?.map(({ owner }) => owner) ?? [];
  expect(owners.filter((owner) => !names.has(owner))).toEqual([]);
  expect(owners).toContain('Foo_owner');
});

test('where both name a database, spec.databases says whose it is, and the rest is prepared', () => {
  const { declared } = renderDatabase(input({ preparedDatabases: { foo: { schemas: { s: {} } } } }));
  expect(declared.databases).toMatchObject([
    {
      name: 'foo',
      owner: 'foo_user',
      source: 'spec.databases.foo',
      schemas: [{ name: 's', owner: 'foo_s_owner' }],
    },
  ]);
});
