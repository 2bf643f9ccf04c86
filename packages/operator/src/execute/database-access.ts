import { connect, execute, observe, PasswordChecker, plan, type Declared } from '@pgherd/postgres';
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
      const connection = await connect({
        host: address,
        user: superuser.username,
        password: superuser.password,
        database: 'postgres',
      });
      try {
        const observed = await observe(connection);
        if (observed.inRecovery) {
          throw new Error(
            `PostgreSQL at ${address} is a replica; its roles and databases come from the primary`,
          );
        }
        const verifiers = await checker.newVerifiers(declared.roles, observed);
        const { steps, conflicts } = plan(declared, observed, verifiers);
        const outcome = await execute(connection, steps);
        return {
          done: outcome.done.map(({ what }) => what),
          problems: [
            ...conflicts.map(({ object, message }) => `${object}: ${message}`),
            ...outcome.failed.map(({ step, error }) => `${step.what}: ${error.message}`),
          ],
        };
      } finally {
        await connection.close();
      }
    },
  };
}
