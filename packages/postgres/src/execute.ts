import type { Connection } from './connection.ts';
import { PostgresError } from './error.ts';
import { standGuard } from './stand-guard.ts';
import type { Step } from './plan/step.ts';
import type { Sessions } from './sessions.ts';

/** A step that PostgreSQL refused. */
export interface FailedStep {
  step: Step;
  error: PostgresError;
}

export interface Outcome {
  done: Step[];
  failed: FailedStep[];
}

/** Steps in one transaction: enough that round trips and commits do not count, few enough that no lock lasts. */
const batchSize = 100;

/** Decided when a transaction begins, so that it has to come before. */
const silenceOfSampling = 'SET log_transaction_sample_rate = 0';

/**
 * Keeps the text of statements with verifiers to ourselves, also when one fails, is slow, or ends in a crash: out of the
 * server's log, out of `pg_stat_activity` (where nothing is shown of such a transaction; the process title only ever has
 * the kind of a statement, `CREATE ROLE`) and out of `pg_stat_statements`, where that is loaded. pgaudit leaves passwords
 * out by itself, and keeps its record. One round trip.
 */
export const silence = [
  "SET LOCAL log_statement = 'none'",
  'SET LOCAL log_min_duration_statement = -1',
  'SET LOCAL log_min_duration_sample = -1',
  'SET LOCAL log_min_error_statement = panic',
  'SET LOCAL debug_print_parse = off',
  'SET LOCAL debug_print_rewritten = off',
  'SET LOCAL debug_print_plan = off',
  'SET LOCAL track_activities = off',
  'SET LOCAL pg_stat_statements.track_utility = off',
].join('; ');

/**
 * Carries out the steps one after the other; one that is refused does not keep the others from being done. Steps that
 * can are done in one transaction, so that a thousand of them do not take a thousand commits. Throws only when a
 * connection is lost or cannot be opened; what was done by then stays done.
 */
export async function execute(sessions: Sessions, steps: readonly Step[]): Promise<Outcome> {
  const outcome: Outcome = { done: [], failed: [] };
  for (const group of runsOf(steps, (a, b) => a.database === b.database)) {
    await sessions.use(group[0]?.database, async (connection) => {
      await executeThere(connection, group, outcome);
    });
  }
  return outcome;
}

/** The same for steps of one database, on a session in it. Adds to `outcome`. */
export async function executeThere(
  connection: Connection,
  steps: readonly Step[],
  outcome: Outcome,
): Promise<void> {
  if (steps.some(({ secret }) => secret)) await connection.query(silenceOfSampling);
  for (const batch of runsOf(steps, belongTogether, batchSize)) await carryOutAll(connection, batch, outcome);
}

/** Neighbours that `together` accepts, at most `limit` of them in one run. */
function runsOf(
  steps: readonly Step[],
  together: (a: Step, b: Step) => boolean,
  limit = Number.POSITIVE_INFINITY,
): Step[][] {
  const runs: Step[][] = [];
  for (const step of steps) {
    const run = runs.at(-1);
    const last = run?.at(-1);
    if (run && last && run.length < limit && together(last, step)) run.push(step);
    else runs.push([step]);
  }
  return runs;
}

function belongTogether(a: Step, b: Step): boolean {
  return a.transaction && b.transaction && a.secret === b.secret && !a.guard && !b.guard;
}

/** All at once; when that is refused each on its own, so that only those that cannot be done are left out. */
async function carryOutAll(connection: Connection, batch: readonly Step[], outcome: Outcome): Promise<void> {
  try {
    refuseWithout(batch, outcome);
    await carryOut(connection, batch);
    outcome.done.push(...batch);
  } catch (error) {
    if (!(error instanceof PostgresError) || error.connectionLost) throw error;
    const [step, ...others] = batch;
    if (step && others.length === 0) outcome.failed.push({ step, error });
    else for (const each of batch) await carryOutAll(connection, [each], outcome);
  }
}

async function carryOut(connection: Connection, batch: readonly Step[]): Promise<void> {
  const statements = batch.flatMap((step) => step.statements);
  if (batch.some(({ transaction }) => !transaction)) {
    for (const statement of statements) await connection.query(statement);
    return;
  }
  await connection.transaction(async () => {
    if (batch.some(({ secret }) => secret)) await connection.query(silence);
    for (const { guard } of batch) if (guard) await standGuard(connection, guard);
    for (const statement of statements) await connection.query(statement);
  });
}

/** What PostgreSQL would say about a missing schema is less than what is known here. */
function refuseWithout(batch: readonly Step[], { failed }: Outcome): void {
  for (const { needs = [], database } of batch) {
    const missing = failed.find(({ step }) => step.database === database && needs.includes(step.what));
    if (!missing) continue;
    throw new PostgresError(`not tried, because "${missing.step.what}" failed`, undefined, false);
  }
}
