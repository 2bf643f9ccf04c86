import { type Declared, execute, literal, observe, passwordMatches } from '@pgherd/postgres';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { PostgresLab, role } from '../support/postgres-lab.ts';

let lab: PostgresLab;
beforeAll(async () => {
  lab = await PostgresLab.start({ log_statement: 'all', log_min_duration_statement: '0' });
});
afterAll(() => lab?.stop());

test("verifiers: ours are like the server's, also for passwords that SASLprep changes or forbids", async () => {
  const passwords = [
    'x',
    'a\u00A0b',
    'ﬁne ² Å',
    'soft\u00ADhyphen',
    'bell\u0007',
    '\u00AD',
    'الف',
    'الفx1',
    '🐘',
    'пароль',
  ];
  for (const password of passwords) {
    await lab.superuser.query(
      `DROP ROLE IF EXISTS scram; CREATE ROLE scram LOGIN PASSWORD ${literal(password)}`,
    );
    const stored = (await observe(lab.superuser)).roles.get('scram')?.verifier ?? null;
    expect([password, await passwordMatches('scram', password, stored)]).toEqual([password, true]);
    expect(await passwordMatches('scram', `${password}x`, stored)).toBe(false);
  }
});

test('neither passwords nor verifiers get into the server log or into what is shown', async () => {
  const password = 'a-very-secret-password';
  const declared: Declared = { roles: [role('discreet', [], { password })], databases: [] };
  const planned = await lab.plan(declared);
  expect(planned.steps.flatMap(({ shown }) => shown)).toEqual([
    `CREATE ROLE "discreet" LOGIN PASSWORD '********'`,
  ]);
  // Twice, so that the second one is refused and would be logged as an error.
  await execute(lab.sessions, planned.steps);
  const again = await execute(lab.sessions, planned.steps);
  expect(again.failed).toHaveLength(1);
  const verifier = (await observe(lab.superuser)).roles.get('discreet')?.verifier ?? 'none';
  const marker = 'everything before this is in the log';
  await lab.superuser.query(`select '${marker}'`);
  const log = await eventually('the log is written', () =>
    lab.server.log().includes(marker) ? lab.server.log() : undefined,
  );
  for (const secret of [password, verifier, verifier.split('$').at(-1) ?? '']) {
    expect(log.includes(secret)).toBe(false);
    expect(
      JSON.stringify(again.failed.map(({ error }) => [error.message, String(error.cause)])).includes(secret),
    ).toBe(false);
  }
});
