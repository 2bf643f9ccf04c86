import {
  openSessions,
  PasswordChecker,
  planPass,
  runPass,
  type ConnectOptions,
  type Declared,
  type Sessions,
} from '@pgherd/postgres';
import type { Credentials } from '../render/input.ts';

/** What was done inside a database, for people; without passwords. */
export interface DatabaseReport {
  done: string[];
  /** What is left for later, and why; no failure. */
  postponed: string[];
  /** Declarations that cannot be carried out, and statements that PostgreSQL refused. */
  problems: string[];
}

/** Makes what is declared true inside PostgreSQL. */
export interface DatabaseAccess {
  /** Throws `PostgresError` when the server cannot be reached or is not the primary (any more). */
  bringInLine(address: string, superuser: Credentials, declared: Declared): Promise<DatabaseReport>;
  /** Only reads. What is different, a line each, without passwords; throws the same. */
  look(address: string, superuser: Credentials, declared: Declared): Promise<string[]>;
}

/** How a primary is reached. */
export type Reach = (address: string, superuser: Credentials) => ConnectOptions;

const onItsPort: Reach = (host, { username: user, password }) => ({
  host,
  user,
  password,
  database: 'postgres',
});

/** Over SQL, as superuser, with TLS. Tests reach a server of their own. */
export function sqlDatabaseAccess(reach: Reach = onItsPort): DatabaseAccess {
  const checker = new PasswordChecker();
  return {
    bringInLine: (address, superuser, declared) =>
      withSessions(reach(address, superuser), async (sessions) => {
        const { plan, outcome } = await runPass(sessions, declared, checker);
        return {
          done: outcome.done.map(({ what }) => what),
          postponed: plan.notes.map(({ object, message }) => `${object}: ${message}`),
          problems: [
            ...plan.conflicts.map(({ object, message }) => `${object}: ${message}`),
            ...outcome.failed.map(({ step, error }) => `${step.what}: ${error.message}`),
          ],
        };
      }),
    look: (address, superuser, declared) =>
      withSessions(reach(address, superuser), async (sessions) => {
        const { plan } = await planPass(sessions, declared, checker);
        return plan.steps.map(({ what, why }) => `${what} (${why})`);
      }),
  };
}

async function withSessions<T>(options: ConnectOptions, run: (sessions: Sessions) => Promise<T>): Promise<T> {
  const sessions = openSessions(options);
  try {
    return await run(sessions);
  } finally {
    await sessions.close();
  }
}
