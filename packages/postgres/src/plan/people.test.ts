import { expect, test } from 'vitest';
import { commentOf } from '../mark.ts';
import { observedRole, observedServer, planRoles, role } from '../testing.ts';

const here = commentOf({ rest: '' });
const left = commentOf({ formerName: 'jo', rest: '' });
const people = { departedSuffix: '_deleted' };
const noLogin = { attributes: { login: false } };

function sql(...args: Parameters<typeof planRoles>): string[] {
  return planRoles(...args).steps.flatMap(({ statements }) => statements);
}

function endOf(name: string): string {
  return expect.stringMatching(
    new RegExp(`^SELECT pg_catalog.pg_terminate_backend.* WHERE r.rolname = '${name}'$`),
  ) as string;
}

test('a person gets a mark, and a comment that is there stays', () => {
  const declared = { roles: [role('jo', [], { person: true }), role('jane', [], { person: true })] };
  const observed = observedServer(observedRole('jane', { comment: 'from finance' }));
  expect(sql(declared, observed)).toEqual([
    'CREATE ROLE "jo" LOGIN',
    `COMMENT ON ROLE "jo" IS '[pgherd: person]'`,
    `COMMENT ON ROLE "jane" IS '[pgherd: person] from finance'`,
  ]);
});

test('the mark goes when the role is declared as another one', () => {
  const observed = observedServer(
    observedRole('jo', { comment: here }),
    observedRole('jane', { comment: `${here} from finance` }),
  );
  expect(sql({ roles: [role('jo'), role('jane')], people }, observed)).toEqual([
    'COMMENT ON ROLE "jo" IS NULL',
    `COMMENT ON ROLE "jane" IS 'from finance'`,
  ]);
});

test('who left loses login, name and sessions', () => {
  const observed = observedServer(observedRole('jo', { comment: `${here} finance` }));
  expect(sql({ people }, observed)).toEqual([
    'ALTER ROLE "jo" NOLOGIN',
    'ALTER ROLE "jo" RENAME TO "jo_deleted"',
    `COMMENT ON ROLE "jo_deleted" IS '[pgherd: person, departed: "jo"] finance'`,
    endOf('jo_deleted'),
  ]);
  expect(sql({}, observed)).toEqual([]);
});

test('who left stays so, whatever the suffix is by now', () => {
  const gone = observedRole('jo_deleted', { comment: left, ...noLogin });
  for (const departedSuffix of ['_deleted', '_gone', ''])
    expect(sql({ people: { departedSuffix } }, observedServer(gone))).toEqual([]);
  // A pass that was cut before the sessions were ended, and somebody who gave login back.
  expect(sql({ people }, observedServer({ ...gone, sessions: 2 }))).toEqual([endOf('jo_deleted')]);
  expect(sql({ people }, observedServer(observedRole('jo_deleted', { comment: left })))).toEqual([
    'ALTER ROLE "jo_deleted" NOLOGIN',
    endOf('jo_deleted'),
  ]);
});

test('who is back gets name and login back', () => {
  const observed = observedServer(observedRole('jo_deleted', { comment: left, ...noLogin }));
  const expected = [
    'ALTER ROLE "jo_deleted" RENAME TO "jo"',
    `COMMENT ON ROLE "jo" IS '[pgherd: person]'`,
    'ALTER ROLE "jo" LOGIN',
  ];
  const roles = [role('jo', [], { person: true })];
  expect(sql({ roles, people }, observed)).toEqual(expected);
  expect(sql({ roles }, observed)).toEqual(expected);
  // A role of the same name that is no person's is another one.
  expect(sql({ roles: [role('jo')], people }, observed)).toEqual(['CREATE ROLE "jo" LOGIN']);
});

test('where both names exist only login changes', () => {
  const other = observedRole('jo_deleted');
  expect(sql({ people }, observedServer(observedRole('jo', { comment: here }), other))).toEqual([
    'ALTER ROLE "jo" NOLOGIN',
    endOf('jo'),
  ]);
  const away = observedRole('jo', { comment: here, ...noLogin });
  expect(sql({ people }, observedServer(away, other))).toEqual([]);
  const roles = [role('jo', [], { person: true })];
  expect(sql({ roles, people }, observedServer(away, other))).toEqual(['ALTER ROLE "jo" LOGIN']);
});

test('a name that would become too long stays, login is taken', () => {
  const name = 'x'.repeat(60);
  const { steps, notes, conflicts } = planRoles(
    { people },
    observedServer(observedRole(name, { comment: here })),
  );
  expect(steps.map(({ what }) => what)).toEqual([`take login from ${name}`, `end sessions of ${name}`]);
  expect(conflicts).toEqual([]);
  expect(notes.map(({ message }) => message)).toEqual([expect.stringContaining('68 bytes')]);
});

test('nobody without the mark is touched, and never the role of the operator', () => {
  const observed = observedServer(
    observedRole('jo'),
    observedRole('jane', { comment: 'a person' }),
    observedRole('postgres', { comment: here }),
  );
  expect(sql({ people }, observed)).toEqual([]);
});
