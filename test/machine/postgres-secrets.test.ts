import { readFileSync } from 'node:fs';
import { type Declared, execute, type Outcome, observe } from '@pgherd/postgres';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { PostgresLab, role } from '../support/postgres-lab.ts';

let lab: PostgresLab;
beforeAll(async () => {
  // Everything that makes a server keep the text of statements.
  lab = await PostgresLab.start({
    log_statement: 'all',
    log_min_duration_statement: '0',
    log_min_duration_sample: '0',
    log_statement_sample_rate: '1',
    log_transaction_sample_rate: '1',
    log_duration: 'on',
    log_lock_waits: 'on',
    deadlock_timeout: '10ms',
    log_min_error_statement: 'debug5',
    log_min_messages: 'debug1',
    log_error_verbosity: 'verbose',
    debug_print_parse: 'on',
    debug_print_rewritten: 'on',
    debug_print_plan: 'on',
    shared_preload_libraries: 'pg_stat_statements,auto_explain',
    'pg_stat_statements.track': 'all',
    'auto_explain.log_min_duration': '0',
    'auto_explain.log_nested_statements': 'on',
  });
  await lab.superuser.query('CREATE EXTENSION pg_stat_statements SCHEMA public');
});
afterAll(() => lab?.stop());

/** The server's log, with everything that it did so far. */
async function wholeLog(): Promise<string> {
  const marker = `everything before this is in the log ${Math.random()}`;
  await lab.superuser.query(`select '${marker}'`);
  return eventually('the log is written', () => {
    const log = lab.server.log();
    return log.includes(marker) ? log : undefined;
  });
}

const password = 'a-very-secret-password';

function declared(name: string): Partial<Declared> {
  return { roles: [role(name, [], { password, settings: { work_mem: '1MB' } })] };
}

/** What must be nowhere. */
async function secretsOf(name: string): Promise<string[]> {
  const verifier = (await observe(lab.superuser)).roles.get(name)?.verifier ?? '';
  const [, ...parts] = verifier.split('$').slice(1).join(':').split(':');
  return [password, ...parts];
}

/** Changes the password of `name` while somebody else holds the role, so that the statement lasts. */
async function whileItWaits(name: string, look: (pid: number) => Promise<void>): Promise<Outcome> {
  const { steps } = await lab.plan({ roles: [role(name, [], { password: `${password}-${Math.random()}` })] });
  const other = await lab.login('postgres', lab.server.password);
  await other.query('BEGIN');
  await other.query(`ALTER ROLE ${name} CREATEDB`);
  const outcome = execute(lab.sessions, steps);
  // It may fail while we still look.
  outcome.catch(() => undefined);
  try {
    const pid = await eventually('the change waits', async () => {
      const [row] = await lab.superuser.query<{ pid: number }>(
        "select pid from pg_locks where not granted and locktype = 'transactionid'",
      );
      return row?.pid;
    });
    await look(pid);
  } finally {
    await other.query('ROLLBACK').catch(() => undefined);
    await other.close();
  }
  return outcome;
}

test('neither passwords nor verifiers get into the log, statistics or what is shown', async () => {
  const planned = await lab.plan(declared('discreet'));
  expect(planned.steps.flatMap(({ shown }) => shown)).toEqual([
    `CREATE ROLE "discreet" LOGIN PASSWORD '********'`,
    `ALTER ROLE "discreet" SET "work_mem" TO '1MB'`,
  ]);
  // Twice, so that the second one is refused and would be logged as an error.
  await execute(lab.sessions, planned.steps);
  const again = await execute(lab.sessions, planned.steps);
  expect(again.failed).toHaveLength(1);
  const log = await wholeLog();
  const statistics = JSON.stringify(await lab.superuser.query('select query from public.pg_stat_statements'));
  const errors = JSON.stringify(again.failed.map(({ error }) => [error.message, String(error.cause)]));
  const secrets = await secretsOf('discreet');
  expect(secrets).toHaveLength(4);
  for (const secret of secrets)
    expect([log, statistics, errors].map((text) => text.includes(secret))).toEqual([false, false, false]);
  // What has no secret is logged as ever, and what keeps texts does so.
  expect(log).toContain(`ALTER ROLE "discreet" SET "work_mem" TO '1MB'`);
  expect(statistics).toContain('ALTER ROLE');
});

test('a verifier is not to be seen while it is stored, and not in the log after a crash', async () => {
  await lab.apply(declared('watched'));
  const { failed } = await whileItWaits('watched', async (pid) => {
    const [activity] = await lab.superuser.query('select query from pg_stat_activity where pid = $1', [pid]);
    expect(activity).toEqual({ query: '' });
    const title = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
    expect(title).toContain('ALTER ROLE');
    expect(title).not.toContain('SCRAM');
  });
  expect(failed).toEqual([]);
  const before = await secretsOf('watched');

  await expect(
    whileItWaits('watched', async (pid) => {
      process.kill(pid, 'SIGKILL');
      await eventually('the server starts anew', () =>
        lab.server.log().includes('all server processes terminated') ? true : undefined,
      );
    }),
  ).rejects.toMatchObject({ connectionLost: true });
  const log = lab.server.log();
  expect(log).toContain('was terminated by signal 9');
  expect(log).not.toContain('SCRAM-SHA-256$');
  for (const secret of before) expect(log.includes(secret)).toBe(false);
});
