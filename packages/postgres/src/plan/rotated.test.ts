import { expect, test } from 'vitest';
import { observedRole, observedServer, planRoles, role } from '../testing.ts';

const rotated = [{ of: 'app', current: 'app240301', keptSince: '240201' }];

function dated(name: string, rest: Parameters<typeof observedRole>[1] = {}): ReturnType<typeof observedRole> {
  return observedRole(name, { memberOf: new Map([['app', { admin: false, effective: true }]]), ...rest });
}

/** With the role itself and the user of the last rotation but one. */
function server(...found: ReturnType<typeof observedRole>[]): ReturnType<typeof observedServer> {
  return observedServer(observedRole('app'), dated('app240301'), dated('app240201'), ...found);
}

test('one that is past its time loses login, gives away what it owns, and is dropped', () => {
  const observed = server(dated('app240101', { dependsIn: ['', 'a', 'b'] }));
  for (const name of ['a', 'b'])
    observed.databases.set(name, {
      name,
      owner: 'app',
      allowsConnections: true,
      template: false,
      valid: true,
    });
  const { steps } = planRoles({ rotated }, observed);
  const given = ['REASSIGN OWNED BY "app240101" TO "app"', 'DROP OWNED BY "app240101"'];
  expect(steps.map(({ database, statements }) => [database, statements])).toEqual([
    [undefined, ['ALTER ROLE "app240101" NOLOGIN']],
    ['a', given],
    ['b', given],
    [undefined, ['DROP ROLE "app240101"']],
  ]);
  expect(steps[0]?.why).toBe("replaced by a rotation of app's password before 240201");
});

test('one with nothing, or only with what belongs to no database', () => {
  const login = { attributes: { login: false } };
  const observed = server(dated('app240101', login), dated('app240102', { ...login, dependsIn: [''] }));
  expect(planRoles({ rotated }, observed).steps.flatMap(({ statements }) => statements)).toEqual([
    'DROP ROLE "app240101"',
    'REASSIGN OWNED BY "app240102" TO "app"',
    'DROP OWNED BY "app240102"',
    'DROP ROLE "app240102"',
  ]);
});

test.each([
  ['the date that is still kept', dated('app240201')],
  ['the one in use', dated('app240301')],
  ['no date', dated('app241301')],
  ['no such day', dated('app230229')],
  ['seven digits', dated('app1240101')],
  ['another user', dated('app_x240101')],
  ['no member', observedRole('app240101')],
  ['upper case', dated('APP240101')],
  ['the base role', observedRole('app')],
])('%s stays', (_, found) => {
  expect(planRoles({ rotated }, server(found)).steps).toEqual([]);
});

test('the one before that in use stays, however old it is: nobody had an interval to read the Secret again', () => {
  const dropped = (current: string, ...names: string[]) => {
    const found = names.map((name) => dated(name, { attributes: { login: false } }));
    const late = [{ of: 'app', current, keptSince: '240201' }];
    const { steps } = planRoles({ rotated: late }, observedServer(observedRole('app'), ...found));
    return steps.flatMap(({ statements }) => statements.filter((each) => each.startsWith('DROP ROLE')));
  };
  const old = ['app230101', 'app230601'];
  expect(dropped('app240301', ...old, 'app240301')).toEqual(['DROP ROLE "app230101"']);
  // A date of the future, by a clock that went wrong.
  expect(dropped('app240301', ...old, 'app240301', 'app990101')).toEqual(['DROP ROLE "app230101"']);
  // It was not in use just before: this one was.
  expect(dropped('app240301', ...old, 'app240115', 'app240301')).toHaveLength(2);
  // The one in use is as old as that itself.
  expect(dropped('app240131', ...old, 'app240131')).toHaveLength(2);
  expect(dropped('app', ...old)).toHaveLength(2);
});

test('one that is declared stays', () => {
  const observed = server(dated('app240101'));
  expect(planRoles({ roles: [role('app240101')], rotated }, observed).steps).toEqual([]);
});

test('open sessions last, and so does the role; login is over', () => {
  const open = dated('app240101', { sessions: 2 });
  const first = planRoles({ rotated }, server(open));
  expect(first.steps.map(({ what }) => what)).toEqual(['take login from app240101']);
  expect(first.notes.map(({ message }) => message)).toEqual([expect.stringContaining('open sessions (2)')]);
  const later = { ...open, attributes: { ...open.attributes, login: false } };
  expect(planRoles({ rotated }, server(later)).steps).toEqual([]);
});

test('one with something in a database that nobody can connect to stays, and is told', () => {
  const observed = server(dated('app240101', { dependsIn: ['closed'] }));
  observed.databases.set('closed', {
    name: 'closed',
    owner: 'app',
    allowsConnections: false,
    template: false,
    valid: true,
  });
  const { steps, notes } = planRoles({ rotated }, observed);
  expect(steps.map(({ what }) => what)).toEqual(['take login from app240101']);
  expect(notes.map(({ message }) => message)).toEqual([
    expect.stringContaining('"closed", which allows no connections'),
  ]);
});

test('memberships that it granted to others stay', () => {
  const granted = [{ group: 'g', member: 'm', admin: true, inherit: false, set: true }];
  const found = dated('app240101', { attributes: { login: false }, dependsIn: [''], granted });
  const { steps } = planRoles({ rotated }, server(found));
  expect(steps[0]?.statements).toEqual([
    'GRANT "g" TO "m" WITH ADMIN TRUE, INHERIT FALSE, SET TRUE',
    'REASSIGN OWNED BY "app240101" TO "app"',
    'DROP OWNED BY "app240101"',
  ]);
});
