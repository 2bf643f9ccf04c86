import { describe, expect, test } from 'vitest';
import type { Declared } from '../declared.ts';
import { observedRole, observedServer, planRoles, role } from '../testing.ts';

test('only what differs is changed; what is not declared stays', () => {
  const observed = observedServer(
    observedRole('a', { attributes: { createdb: true, replication: true, bypassrls: true } }),
  );
  const { steps } = planRoles({ roles: [role('a', ['replication', 'bypassrls'])] }, observed);
  expect(steps).toEqual([]);
  const changed = planRoles({ roles: [role('a', ['nocreatedb', 'nobypassrls'])] }, observed);
  expect(changed.steps.flatMap(({ statements }) => statements)).toEqual([
    'ALTER ROLE "a" NOCREATEDB NOBYPASSRLS',
  ]);
});

test('a password is taken away only where the declaration says that there is to be none', () => {
  const observed = observedServer(observedRole('a', { verifier: 'md5x' }), observedRole('b'));
  for (const password of [undefined, ''])
    expect(
      planRoles({ roles: [role('a', [], password === undefined ? {} : { password })] }, observed).steps,
    ).toEqual([]);
  const { steps } = planRoles(
    {
      roles: [
        role('a', [], { password: null }),
        role('b', [], { password: null }),
        role('c', [], { password: null }),
      ],
    },
    observed,
  );
  expect(steps.map(({ why, shown, secret }) => [why, shown, secret])).toEqual([
    ['it must not have a password', ['ALTER ROLE "a" PASSWORD NULL'], false],
    ['there is no such role', ['CREATE ROLE "c" LOGIN'], false],
  ]);
});

test('the role that the operator logs in as never loses login or superuser', () => {
  const observed = observedServer(
    observedRole('postgres', { attributes: { superuser: true, createdb: true } }),
  );
  const { steps, conflicts } = planRoles(
    {
      roles: [role('postgres', ['nosuperuser', 'nologin', 'nocreatedb'], { source: 'spec.users.postgres' })],
    },
    observed,
  );
  expect(steps.flatMap(({ statements }) => statements)).toEqual(['ALTER ROLE "postgres" NOCREATEDB']);
  expect(conflicts.map(({ message }) => message)).toEqual([
    'it cannot lose SUPERUSER, because the operator logs in as this role; remove it from spec.users.postgres.',
    'it cannot lose LOGIN, because the operator logs in as this role; remove it from spec.users.postgres.',
  ]);
});

test('a parameter that is named twice, or wrong, is told; the others are set', () => {
  const settings = { Work_Mem: '1MB', work_mem: '2MB', search_path: 'a b', 'x y': '1', jit: 'off' };
  const { steps, conflicts } = planRoles(
    { roles: [role('a', [], { settings })] },
    observedServer(observedRole('a')),
  );
  expect(steps.flatMap(({ statements }) => statements)).toEqual([
    `ALTER ROLE "a" SET "Work_Mem" TO '1MB'`,
    `ALTER ROLE "a" SET "jit" TO 'off'`,
  ]);
  expect(conflicts).toHaveLength(3);
});

describe('a role that somebody made before it was declared', () => {
  const memberOf = new Map([['a', { admin: true, effective: true }]]);
  const conflictsOf = (declared: Declared['roles'], ...found: Parameters<typeof observedServer>) =>
    planRoles({ roles: declared }, observedServer(observedRole('a'), ...found)).conflicts.map(
      ({ message }) => message,
    );

  test('does not become a superuser while others could act as it', () => {
    const mallory = observedRole('mallory', { memberOf });
    const { steps, conflicts } = planRoles(
      { roles: [role('a', ['superuser', 'createdb'])] },
      observedServer(observedRole('a'), mallory),
    );
    expect(steps.flatMap(({ statements }) => statements)).toEqual(['ALTER ROLE "a" CREATEDB']);
    expect(conflicts.map(({ message }) => message)).toEqual([
      'it is not made a superuser, because "mallory" is a member of it and could do the same; take that away with REVOKE, or rename the role "a".',
    ]);
  });

  test.each([
    ['a superuser', observedRole('m', { memberOf, attributes: { superuser: true } }), []],
    // As PostgreSQL 16 does it by itself: he cannot do anything with a superuser.
    ['its maker', observedRole('m', { memberOf: new Map([['a', { admin: true, effective: false }]]) }), []],
    ['a declared member', observedRole('m', { memberOf }), [role('m', [], { memberOf: ['a'] })]],
  ])('becomes one if the member is %s', (_, member, more) => {
    expect(conflictsOf([role('a', ['superuser']), ...more], member)).toEqual([]);
    expect(conflictsOf([role('a', ['superuser'], { admins: ['m'] })], member)).toEqual([]);
  });

  test('becomes one together with a member, unless others could act as that one', () => {
    const both = [role('a', ['superuser']), role('m', ['superuser'])];
    const member = observedRole('m', { memberOf });
    const ofMember = new Map([['m', { admin: false, effective: true }]]);
    expect(conflictsOf(both, member)).toEqual([]);
    const refused = conflictsOf(both, member, observedRole('mallory', { memberOf: ofMember }));
    expect(refused).toEqual([expect.stringContaining('"m"'), expect.stringContaining('"mallory"')]);
  });

  test('does not become one with a member that is no superuser any more', () => {
    const member = observedRole('m', { memberOf, attributes: { superuser: true } });
    expect(conflictsOf([role('a', ['superuser']), role('m', ['nosuperuser'])], member)).toHaveLength(1);
  });

  test('does not get the rights of a role whose password is rotated', () => {
    const { steps, conflicts } = planRoles(
      {
        roles: [role('app'), role('app261121', [], { memberOf: ['app'] })],
        rotated: [{ of: 'app', current: 'app261121', keptSince: '260101' }],
      },
      observedServer(
        observedRole('app'),
        observedRole('app261121'),
        observedRole('mallory', { memberOf: new Map([['app261121', { admin: true, effective: true }]]) }),
      ),
    );
    expect(steps).toEqual([]);
    expect(conflicts.map(({ message }) => message)).toEqual([
      expect.stringContaining('none of the rights of "app", because "mallory" is a member of it'),
    ]);
  });
});
