import type { Declared } from './declared.ts';
import { execute, type Outcome } from './execute.ts';
import { observe, type Observed } from './observe/observe.ts';
import type { PasswordChecker } from './password-checker.ts';
import { plan, type Plan } from './plan/plan.ts';
import type { Sessions } from './sessions.ts';

/** Looks, and says what is to do; it only reads. Throws `PostgresError`, and `Error` for a replica. */
export async function planPass(
  sessions: Sessions,
  declared: Declared,
  checker: PasswordChecker,
): Promise<{ observed: Observed; plan: Plan }> {
  const observed = await sessions.use(undefined, (connection) => observe(connection, declared));
  if (observed.inRecovery)
    throw new Error(`${sessions.server} is a replica; its roles and databases come from the primary`);
  const verifiers = await checker.newVerifiers(declared.roles, observed);
  return { observed, plan: plan(declared, observed, verifiers) };
}

/** Makes what is declared true. What PostgreSQL refuses is in the outcome; throws like `planPass` and `execute`. */
export async function runPass(
  sessions: Sessions,
  declared: Declared,
  checker: PasswordChecker,
): Promise<{ plan: Plan; outcome: Outcome }> {
  const { plan: planned } = await planPass(sessions, declared, checker);
  return { plan: planned, outcome: await execute(sessions, planned.steps) };
}
