import { openSessions, PasswordChecker, runPass, type Declared } from '@pgherd/postgres';
import type { Credentials } from '../render/input.ts';

/** What was done inside a database, for people; without passwords. */
export interface DatabaseReport {
  done: string[];
  /** Declarations that cannot be carried out, and statements that PostgreSQL refused. */
  problems: string[];
}

/** Makes what is declared true inside PostgreSQL. */
export interface DatabaseAccess {
  /** Throws `PostgresError` when the server cannot be reached or is not the primary (any more). */
  bringInLine(address: string, superuser: Credentials, declared: Declared): Promise<DatabaseReport>;
}

/** Over SQL, as superuser, with TLS. */
export function sqlDatabaseAccess(): DatabaseAccess {
  const checker = new PasswordChecker();
  return {
    async bringInLine(address, superuser, declared) {
      const sessions = openSessions({
        host: address,
        user: superuser.username,
        password: superuser.password,
        database: 'postgres',
      });
      try {
        const { plan, outcome } = await runPass(sessions, declared, checker);
        return {
          done: outcome.done.map(({ what }) => what),
          problems: [
            ...plan.conflicts.map(({ object, message }) => `${object}: ${message}`),
            ...outcome.failed.map(({ step, error }) => `${step.what}: ${error.message}`),
          ],
        };
      } finally {
        await sessions.close();
      }
    },
  };
}
