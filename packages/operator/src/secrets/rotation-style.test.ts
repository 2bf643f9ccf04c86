import type { Configuration, Postgresql } from '@pgherd/api';
import { expect, test } from 'vitest';
import type { RoleOrigin } from '../render/roles/cluster-role.ts';
import { testConfiguration, testManifest } from '../testing/cluster.ts';
import { rotationNotices, rotationStyle } from './rotation-style.ts';

type Spec = Partial<Postgresql['spec']>;

function declared(spec: Spec, configuration: Partial<Configuration>) {
  return { manifest: testManifest(spec), configuration: testConfiguration(configuration) };
}

const style = (name: string, origin: RoleOrigin, spec: Spec = {}, isOn = true) =>
  rotationStyle(declared(spec, { enable_password_rotation: isOn }), { name, origin });

test.each<[string, RoleOrigin, Spec, boolean, ReturnType<typeof style>]>([
  ['a', 'manifest', {}, true, 'new user'],
  ['a', 'manifest', {}, false, undefined],
  ['bar_reader_user', 'prepared', {}, true, 'new user'],
  // What its users made would be nobody else's.
  ['bar_owner_user', 'prepared', {}, true, undefined],
  ['bar_data_owner_user', 'prepared', {}, true, undefined],
  ['bar_owner_user', 'manifest', {}, true, 'new user'],
  ['bar_owner_user', 'prepared', { usersWithSecretRotation: ['bar_owner_user'] }, false, 'new user'],
  // It owns a database of the test manifest.
  ['foo_user', 'manifest', {}, true, undefined],
  ['foo_user', 'manifest', { usersWithSecretRotation: ['foo_user'] }, false, 'new user'],
  ['foo_user', 'manifest', { usersWithInPlaceSecretRotation: ['foo_user'] }, false, 'in place'],
  ['a', 'manifest', { usersWithInPlaceSecretRotation: ['a'] }, true, 'in place'],
  ['a', 'manifest', { usersIgnoringSecretRotation: ['a'] }, true, undefined],
  ['postgres', 'system', {}, true, undefined],
  ['postgres', 'system', { usersWithInPlaceSecretRotation: ['postgres'] }, false, 'in place'],
  // Patroni knows it by its name.
  ['standby', 'system', { usersWithSecretRotation: ['standby'] }, false, 'in place'],
  ['pooler', 'pooler', {}, true, undefined],
  ['pooler', 'pooler', { usersWithSecretRotation: ['pooler'] }, false, 'new user'],
  ['pooler', 'pooler', { usersWithInPlaceSecretRotation: ['pooler'] }, false, 'in place'],
  ['robot', 'infrastructure', { usersWithSecretRotation: ['robot'] }, true, undefined],
  ['a'.repeat(58), 'manifest', {}, true, undefined],
  ['a'.repeat(58), 'manifest', { usersWithInPlaceSecretRotation: ['a'.repeat(58)] }, true, 'in place'],
])('%s of %s with %j (rotation is on: %s): %s', (name, origin, spec, isOn, expected) => {
  expect(style(name, origin, spec, isOn)).toBe(expected);
});

const notices = (spec: Spec, roles: { name: string; origin: RoleOrigin }[], isOn = false) =>
  rotationNotices(declared(spec, { enable_password_rotation: isOn }), roles).map(
    ({ field, message }) => `${field}: ${message.split(';')[0]}`,
  );

test('what is asked for and cannot be is told', () => {
  const roles = [
    { name: 'standby', origin: 'system' },
    { name: 'robot', origin: 'infrastructure' },
    { name: 'a', origin: 'manifest' },
  ] as const;
  const spec = {
    usersWithSecretRotation: ['a', 'nobody', 'standby'],
    usersWithInPlaceSecretRotation: ['robot'],
  };
  expect(notices(spec, [...roles])).toEqual([
    'spec.usersWithSecretRotation: there is no role `nobody` with a Secret',
    'spec.usersWithSecretRotation: `standby` keeps its name, because Patroni uses it: its password is rotated in place',
    "spec.usersWithInPlaceSecretRotation: the password of `robot` is given by the operator's configuration and is not rotated",
  ]);
});

test('a name without room for a date is told, unless it is rotated in place or not at all', () => {
  const name = 'a'.repeat(58);
  const roles: Parameters<typeof notices>[1] = [{ name, origin: 'manifest' }];
  expect(notices({}, roles, true)).toHaveLength(1);
  expect(notices({ usersWithSecretRotation: [name] }, roles)).toHaveLength(1);
  expect(notices({ usersWithInPlaceSecretRotation: [name] }, roles, true)).toEqual([]);
  expect(notices({ usersIgnoringSecretRotation: [name] }, roles, true)).toEqual([]);
  expect(notices({}, roles, false)).toEqual([]);
});
