import type { Configuration } from '@pgherd/api';
import type { KubeObject } from '@pgherd/kube/objects';
import { expect, test } from 'vitest';
import { kinds, objectKey, type Kind } from '../kinds.ts';
import { testConfiguration } from '../testing/cluster.ts';
import { infrastructureOf, infrastructurePlaces } from './infrastructure-roles.ts';

type Texts = Record<string, string>;
/** By `namespace/name`. */
interface Given {
  configuration: Partial<Configuration>;
  secrets?: Record<string, Texts>;
  configMaps?: Record<string, Texts>;
}

function read({ configuration, secrets = {}, configMaps = {} }: Given) {
  const objects = new Map<string, KubeObject>();
  const add = (kind: Kind, place: string, data: Texts) => {
    const [namespace = '', name = ''] = place.split('/');
    objects.set(objectKey(kind, namespace, name), { metadata: { namespace, name }, data });
  };
  for (const [place, texts] of Object.entries(secrets)) {
    const encoded = Object.entries(texts).map(([key, text]) => [key, Buffer.from(text).toString('base64')]);
    add(kinds.secret, place, Object.fromEntries(encoded) as Texts);
  }
  for (const [place, texts] of Object.entries(configMaps)) add(kinds.configMap, place, texts);
  const get = (kind: Kind, namespace: string, name: string) => objects.get(objectKey(kind, namespace, name));
  const found = infrastructureOf({ get }, testConfiguration(configuration), 'operator');
  expect(JSON.stringify(found?.problems ?? [])).not.toContain('hunter2');
  return found;
}

const old = { infrastructure_roles_secret_name: { name: 'roles' } };
const single = (more: Texts & { template?: never } = {}): Partial<Configuration> => ({
  infrastructure_roles_secrets: [{ secretname: { name: 'roles' }, userkey: 'u', passwordkey: 'p', ...more }],
});
const names = (given: Given) => read(given)?.roles.map(({ name }) => name);
const fields = (given: Given) => read(given)?.problems.map(({ field }) => field);

test('nothing is configured', () => {
  expect(read({ configuration: {} })).toBeUndefined();
  expect(infrastructurePlaces(testConfiguration(), 'operator')).toEqual([]);
});

test('numbered keys', () => {
  const data = {
    user1: 'one',
    password1: 'hunter2',
    inrole1: 'admin',
    user2: 'two',
    password2: 'hunter2',
    inrole2: '',
    user3: 'three',
    user5: 'five',
    password5: 'hunter2',
  };
  const found = read({ configuration: old, secrets: { 'operator/roles': data } });
  const rest = { password: 'hunter2', flags: [], settings: {} };
  expect(found?.roles).toEqual([
    { ...rest, name: 'one', memberOf: ['admin'], source: 'Secret operator/roles, key user1' },
    { ...rest, name: 'two', memberOf: [], source: 'Secret operator/roles, key user2' },
  ]);
  expect(found?.problems.map(({ field, message }) => `${field}: ${message}`)).toEqual([
    'Secret operator/roles, key user5: it is not read, because there is no `user4`; number without gaps.',
    'Secret operator/roles, key user3: the role `three` has no password; put one beside its name.',
  ]);
});

test('a Secret with its ConfigMap: attributes, groups, parameters, administrators', () => {
  const configMap = {
    yaml: 'inrole: [admin, ""]\nuser_flags: [createdb]\ndb_parameters: {log_statement: all, work_mem: 64, jit: false}\nadmin_role: dba',
    json: '{"inrole":["a"]}',
    empty: '',
    unknown: 'other: 1',
    lost: 'inrole: [a]',
  };
  const data = { yaml: 'y', json: 'j', empty: 'e', unknown: 'u', left: 'over' };
  const found = read({
    configuration: old,
    secrets: { 'operator/roles': data },
    configMaps: { 'operator/roles': configMap },
  });
  const at = (name: string) => `ConfigMap operator/roles, key ${name}`;
  const plain = { flags: [], memberOf: [], settings: {} };
  expect(found?.roles).toEqual([
    { ...plain, name: 'empty', password: 'e', source: at('empty') },
    { ...plain, name: 'json', password: 'j', memberOf: ['a'], source: at('json') },
    { ...plain, name: 'unknown', password: 'u', source: at('unknown') },
    {
      name: 'yaml',
      password: 'y',
      flags: ['createdb'],
      memberOf: ['admin'],
      settings: { log_statement: 'all', work_mem: '64', jit: 'false' },
      adminRole: 'dba',
      source: at('yaml'),
    },
  ]);
  expect(found?.problems.map(({ field }) => field)).toEqual([at('lost')]);
});

test('one role at named keys, with defaults and details', () => {
  const roles = (configuration: Partial<Configuration>, data: Texts) =>
    read({ configuration, secrets: { 'operator/roles': data } })?.roles.map(
      ({ name, memberOf, flags, settings }) => ({ name, memberOf, flags, settings }),
    );
  const plain = { memberOf: [], flags: [], settings: {} };
  expect(roles(single(), { u: 'x', p: 'y' })).toEqual([{ ...plain, name: 'x' }]);
  const defaults = { rolekey: 'r', defaultuservalue: 'd', defaultrolevalue: 'g' };
  expect(roles(single(defaults), { p: 'y' })).toEqual([{ ...plain, name: 'd', memberOf: ['g'] }]);
  expect(roles(single(defaults), { u: 'x', p: 'y', r: 'h' })).toEqual([
    { ...plain, name: 'x', memberOf: ['h'] },
  ]);
  const details = 'inrole: [g, i]\nuser_flags: [CREATEDB]\ndb_parameters: {a: b}';
  expect(roles(single({ ...defaults, details: 'more' }), { u: 'x', p: 'y', more: details })).toEqual([
    { name: 'x', memberOf: ['g', 'i'], flags: ['CREATEDB'], settings: { a: 'b' } },
  ]);
});

test('a template is numbered, with keys of its own names', () => {
  const configuration: Partial<Configuration> = {
    infrastructure_roles_secrets: [{ secretname: { name: 'roles' }, userkey: 'name', template: true }],
  };
  const data = { name1: 'one', password1: 'p', inrole1: 'g' };
  expect(read({ configuration, secrets: { 'operator/roles': data } })?.roles).toMatchObject([
    { name: 'one', memberOf: ['g'] },
  ]);
});

test("the operator's own namespace comes before `default`, and a named one is the only one", () => {
  const [one, two] = [
    { user1: 'one', password1: 'p' },
    { user1: 'two', password1: 'p' },
  ];
  expect(names({ configuration: old, secrets: { 'operator/roles': one, 'default/roles': two } })).toEqual([
    'one',
  ]);
  expect(names({ configuration: old, secrets: { 'default/roles': two } })).toEqual(['two']);
  const elsewhere = { infrastructure_roles_secret_name: { namespace: 'x', name: 'roles' } };
  expect(names({ configuration: elsewhere, secrets: { 'operator/roles': one } })).toEqual([]);
  expect(fields({ configuration: elsewhere, secrets: { 'operator/roles': one } })).toEqual([
    'infrastructure_roles_secret_name',
  ]);
  expect(infrastructurePlaces(testConfiguration(old), 'default')).toEqual([
    { name: 'roles', namespaces: ['default'] },
  ]);
});

test('of one name the later wins: the ConfigMap after its Secret, the old form last', () => {
  const configuration = {
    infrastructure_roles_secrets: [
      { secretname: { name: 'a' }, userkey: 'u', passwordkey: 'p' },
      { secretname: { name: 'b' }, userkey: 'u', passwordkey: 'p' },
    ],
    infrastructure_roles_secret_name: { name: 'c' },
  };
  const secrets = {
    'operator/a': { u: 'x', p: '1' },
    'operator/b': { u: 'x', p: '2', x: '3' },
    'operator/c': { user1: 'x', password1: '4' },
  };
  const configMaps = { 'operator/b': { x: '' } };
  const found = read({ configuration, secrets, configMaps });
  expect(found?.roles).toMatchObject([{ name: 'x', password: '4' }]);
  expect(found?.problems.map(({ field }) => field)).toEqual([
    'Secret operator/a, key u',
    'Secret operator/b, key u',
    'ConfigMap operator/b, key x',
  ]);
});

test.each([
  ['x\n', {}, 'cannot be used as a name'],
  ['Robot', {}, 'cannot be used as a name'],
  ['admin', {}, 'protected_role_names'],
  ['postgres', {}, 'system role'],
  ['pg_x', {}, 'reserves'],
  ['x', { 'operator/roles': { x: 'user_flags: [flying]' } }, 'not a role attribute'],
  ['x', { 'operator/roles': { x: 'user_flags: [createdb, nocreatedb]' } }, 'contradict'],
  ['x', { 'operator/roles': { x: 'user_flags: createdb' } }, 'user_flags'],
  ['x', { 'operator/roles': { x: 'inrole: admin' } }, 'inrole'],
  ['x', { 'operator/roles': { x: 'db_parameters: [a]' } }, 'db_parameters'],
  ['x', { 'operator/roles': { x: 'admin_role: {}' } }, 'admin_role'],
  ['x', { 'operator/roles': { x: 'hunter2: [' } }, 'expected an object'],
  ['x', { 'operator/roles': { x: 'hunter2' } }, 'expected an object'],
])('%j %j costs itself only', (name, configMaps, reason) => {
  const data = { user1: name, password1: 'hunter2', user2: 'good', password2: 'hunter2', x: 'hunter2' };
  const given = { configuration: old, secrets: { 'operator/roles': data }, configMaps };
  const found = read(given);
  expect(found?.roles.map((role) => role.name)).toContain('good');
  expect(found?.problems).toHaveLength(1);
  expect(found?.problems[0]?.message).toContain(reason);
});

test('a Secret that is not there, or has no roles, is named with the setting', () => {
  expect(fields({ configuration: old })).toEqual(['infrastructure_roles_secret_name']);
  expect(fields({ configuration: old, secrets: { 'operator/roles': {} } })).toEqual([
    'infrastructure_roles_secret_name',
  ]);
  const nameless = { infrastructure_roles_secrets: [{ secretname: { name: 'roles' } }] };
  expect(fields({ configuration: nameless, secrets: { 'operator/roles': {} } })).toEqual([
    'infrastructure_roles_secrets',
  ]);
  const described = { 'operator/roles': { x: '' } };
  expect(
    names({ configuration: nameless, secrets: { 'operator/roles': { x: 'p' } }, configMaps: described }),
  ).toEqual(['x']);
  expect(fields({ configuration: single(), secrets: { 'operator/roles': { p: 'x' } } })).toEqual([
    'Secret operator/roles, key u',
  ]);
  expect(fields({ configuration: single(), secrets: { 'operator/roles': { u: 'x' } } })).toEqual([
    'Secret operator/roles, key u',
  ]);
});
