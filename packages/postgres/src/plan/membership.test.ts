import { expect, test } from 'vitest';
import { observedRole, observedServer, planRoles, role } from '../testing.ts';

const membership = { admin: false, effective: true };

test('a circle is refused with the names of both', () => {
  const { steps, conflicts } = planRoles(
    {
      roles: [
        role('a', [], { memberOf: ['b'], source: 'spec.users.a' }),
        role('b', [], { memberOf: ['c'] }),
        role('c', [], { memberOf: ['a'] }),
        role('d', [], { memberOf: ['d'] }),
      ],
    },
    observedServer(),
  );
  expect(steps.filter(({ what }) => what.startsWith('grant')).map(({ what }) => what)).toEqual([
    'grant role b to a',
    'grant role c to b',
  ]);
  expect(conflicts).toEqual([
    {
      object: 'role "c"',
      message:
        '"c" cannot become a member of "a", because "a" is a member of "c" (through "b"); pgherd takes no membership away: decide which of the two it is to be.',
    },
    { object: 'role "d"', message: 'it cannot be a member of itself; remove that from the declaration.' },
  ]);
});

test('a circle with a membership that is there already is refused too', () => {
  const observed = observedServer(
    observedRole('admin', { memberOf: new Map([['owner', membership]]) }),
    observedRole('owner'),
  );
  const { steps, conflicts } = planRoles({ roles: [role('owner', [], { memberOf: ['admin'] })] }, observed);
  expect(steps).toEqual([]);
  expect(conflicts.map(({ message }) => message)).toEqual([
    expect.stringContaining(
      '"owner" cannot become a member of "admin", because "admin" is a member of "owner";',
    ),
  ]);
});

test('the first superuser needs no admin option, and PostgreSQL 16 refuses to give it', () => {
  const observed = observedServer(observedRole('postgres', { bootstrap: true }), observedRole('b'));
  const { steps } = planRoles({ roles: [role('a', [], { admins: ['postgres', 'b'] })] }, observed);
  expect(steps.map(({ what }) => what)).toEqual(['create role a', 'grant role a to b']);
});

test('a membership that PostgreSQL 16 gives the maker of a role is no right to use it', () => {
  const made = (effective: boolean) =>
    observedServer(
      observedRole('a', { memberOf: new Map([['g', { admin: true, effective }]]) }),
      observedRole('g'),
    );
  const declared = { roles: [role('a', [], { memberOf: ['g'] })] };
  expect(planRoles(declared, made(true)).steps).toEqual([]);
  expect(planRoles(declared, made(false)).steps.flatMap(({ statements }) => statements)).toEqual([
    'GRANT "g" TO "a" WITH INHERIT TRUE, SET TRUE',
  ]);
  // As an admin it has what was asked for.
  expect(planRoles({ roles: [role('g', [], { admins: ['a'] })] }, made(false)).steps).toEqual([]);
});

test.each(['constructor', '__proto__', 'toString'])('%j is a group like any other', (group) => {
  const { steps } = planRoles(
    { roles: [role('a', [], { memberOf: [group] })] },
    observedServer(observedRole('a'), observedRole(group)),
  );
  expect(steps.map(({ what }) => what)).toEqual([`grant role ${group} to a`]);
});

test('a group or an admin that does not exist is told and keeps nothing else from being done', () => {
  const robot = role('robot', [], { memberOf: ['gone', 'g'], admins: ['nobody'], source: 'key user1' });
  const { steps, conflicts, notes } = planRoles({ roles: [robot] }, observedServer(observedRole('g')));
  expect(steps.map(({ what }) => what)).toEqual(['create role robot', 'grant role g to robot']);
  expect(conflicts).toEqual([]);
  expect(notes.map(({ object, message }) => `${object}: ${message}`)).toEqual([
    'role "robot": key user1: the role "gone" does not exist, so that robot has nothing of it; create it, or remove it from the declaration.',
    'role "robot": key user1: the role "nobody" does not exist, so that robot has nothing of it; create it, or remove it from the declaration.',
  ]);
});
