import { expect, test } from 'vitest';
import { observedServer, planRoles, role } from '../testing.ts';

test('roles come before their databases, and verifiers are masked where people look', () => {
  const { steps } = planRoles(
    { roles: [role('a', ['createdb'])], databases: [{ name: 'd', owner: 'a' }] },
    observedServer(),
    new Map([['a', 'SCRAM-SHA-256$…']]),
  );
  expect(
    steps.map(({ statements, shown, secret, transaction }) => ({ statements, shown, secret, transaction })),
  ).toEqual([
    {
      statements: [`CREATE ROLE "a" CREATEDB LOGIN PASSWORD 'SCRAM-SHA-256$…'`],
      shown: [`CREATE ROLE "a" CREATEDB LOGIN PASSWORD '********'`],
      secret: true,
      transaction: true,
    },
    {
      statements: ['CREATE DATABASE "d" OWNER "a"'],
      shown: ['CREATE DATABASE "d" OWNER "a"'],
      secret: false,
      transaction: false,
    },
  ]);
});

test('what is declared twice, or under a name of PostgreSQL’s own, is told and left out', () => {
  const { steps, conflicts } = planRoles(
    {
      roles: [role('a'), role('a', ['createdb']), role('pg_a'), role('public')],
      databases: [
        { name: 'd', owner: 'a' },
        { name: 'd', owner: 'a' },
      ],
    },
    observedServer(),
  );
  expect(steps.map(({ what }) => what)).toEqual(['create role a', 'create database d']);
  expect(conflicts).toEqual([
    { object: 'role "a"', message: 'it is declared twice; choose another name.' },
    { object: 'role "pg_a"', message: 'PostgreSQL reserves names that begin with pg_; choose another name.' },
    { object: 'role "public"', message: 'PostgreSQL reserves this name; choose another name.' },
    { object: 'database "d"', message: 'it is declared twice; choose another name.' },
  ]);
});

test('each reason begins with where the declaration stands', () => {
  const { steps } = planRoles(
    {
      roles: [
        role('a', ['nologin'], { source: 'spec.users.a' }),
        role('b', [], { source: 'spec.users.b', memberOf: ['a'], settings: { work_mem: '1MB' } }),
      ],
      databases: [{ name: 'd', owner: 'a', source: 'spec.databases.d' }],
    },
    observedServer(),
  );
  expect(steps.map(({ why }) => why)).toEqual([
    'spec.users.a: there is no such role',
    'spec.users.b: there is no such role',
    'spec.users.b: not a member',
    'spec.users.b: it is not set',
    'spec.databases.d: there is no such database',
  ]);
});
