import { expect, test } from 'vitest';
import { type Observed, PasswordChecker, attributesOf, plan, scramVerifier } from '../index.ts';

function empty(): Observed {
  return { inRecovery: false, roles: new Map(), databases: new Map() };
}

test('flags of a manifest: case does not matter, login unless it says otherwise', () => {
  expect(attributesOf([])).toEqual({ login: true });
  expect(attributesOf(['SUPERUSER', 'nocreatedb', 'NOLOGIN'])).toEqual({
    superuser: true,
    createdb: false,
    login: false,
  });
  expect(() => attributesOf(['createdb', 'NOCREATEDB'])).toThrow('contradict');
  expect(() => attributesOf(['root'])).toThrow('`root` is not a role attribute');
});

test('roles come before their databases, and verifiers are masked where people look', () => {
  const { steps } = plan(
    {
      roles: [{ name: 'a', attributes: attributesOf(['createdb']) }],
      databases: [{ name: 'd', owner: 'a' }],
    },
    empty(),
    new Map([['a', 'SCRAM-SHA-256$…']]),
  );
  expect(steps.map(({ statements, shown, transaction }) => ({ statements, shown, transaction }))).toEqual([
    {
      statements: [`CREATE ROLE "a" CREATEDB LOGIN PASSWORD 'SCRAM-SHA-256$…'`],
      shown: [`CREATE ROLE "a" CREATEDB LOGIN PASSWORD '********'`],
      transaction: true,
    },
    {
      statements: ['CREATE DATABASE "d" OWNER "a"'],
      shown: ['CREATE DATABASE "d" OWNER "a"'],
      transaction: false,
    },
  ]);
});

test('an empty or missing password never changes the one that is there', async () => {
  const roles = [
    { name: 'a', attributes: {} },
    { name: 'b', attributes: {}, password: '' },
  ];
  expect(await new PasswordChecker().newVerifiers(roles, empty())).toEqual(new Map());
});

test('the same password needs no new verifier, and the answer is remembered', async () => {
  const salt = Buffer.alloc(16, 7);
  const verifier = await scramVerifier('secret', salt);
  const observed = empty();
  const attributes = {
    superuser: false,
    inherit: true,
    createrole: false,
    createdb: false,
    login: true,
    replication: false,
    bypassrls: false,
  };
  observed.roles.set('a', { name: 'a', attributes, verifier, memberOf: {} });
  const checker = new PasswordChecker(() => salt);
  for (const password of ['secret', 'secret', verifier])
    expect(await checker.newVerifiers([{ name: 'a', attributes: {}, password }], observed)).toEqual(
      new Map(),
    );
  const changed = await checker.newVerifiers([{ name: 'a', attributes: {}, password: 'other' }], observed);
  expect(changed.get('a')).toBe(await scramVerifier('other', salt));
});

test('a verifier is the one of RFC 7677', async () => {
  // Salt, iterations and password of the example in section 3; the server's signature follows from these keys.
  const verifier = await scramVerifier('pencil', Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64'));
  expect(verifier).toBe(
    'SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=',
  );
});
