import { sqlDatabaseAccess, type DatabaseAccess } from '@pgherd/operator';
import type { PostgresServer } from './postgres-server.ts';

/** The operator's way into PostgreSQL, with a real server in the place of every primary. */
export function accessTo({ host, port, password }: PostgresServer): DatabaseAccess {
  return sqlDatabaseAccess(() => ({ host, port, user: 'postgres', password, database: 'postgres' }));
}
