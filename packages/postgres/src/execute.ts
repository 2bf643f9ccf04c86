import type { Connection } from './connection.ts';
import { PostgresError } from './error.ts';
import type { Step } from './plan.ts';

/** A step that PostgreSQL refused. */
export interface FailedStep {
  step: Step;
  error: PostgresError;
}

export interface Outcome {
  done: Step[];
  failed: FailedStep[];
}

/** Keeps verifiers out of the server's log, also when a statement fails or is slow. One round trip. */
const silence = [
  "SET LOCAL log_statement = 'none'",
  'SET LOCAL log_min_duration_statement = -1',
  'SET LOCAL log_min_duration_sample = -1',
  'SET LOCAL log_min_error_statement = panic',
].join('; ');

/**
 * Carries out the steps one after the other, each on its own: one that is refused does not keep the others from being
 * done. Throws only when the connection is lost; what was done by then stays done.
 */
export async function execute(connection: Connection, steps: readonly Step[]): Promise<Outcome> {
  const outcome: Outcome = { done: [], failed: [] };
  for (const step of steps) {
    try {
      await carryOut(connection, step);
      outcome.done.push(step);
    } catch (error) {
      if (!(error instanceof PostgresError) || error.connectionLost) throw error;
      outcome.failed.push({ step, error });
    }
  }
  return outcome;
}

async function carryOut(connection: Connection, step: Step): Promise<void> {
  if (!step.transaction) {
    for (const statement of step.statements) await connection.query(statement);
    return;
  }
  await connection.transaction(async () => {
    for (const statement of [silence, ...step.statements]) await connection.query(statement);
  });
}
