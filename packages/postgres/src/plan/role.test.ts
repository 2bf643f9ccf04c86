import { expect, test } from 'vitest';
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
