import type { Connection } from '../connection.ts';
import { databasesQuery, type ObservedDatabase } from './databases.ts';
import { observedRole, rolesQuery, type ObservedRole, type RoleRow } from './roles.ts';

/** What is true inside PostgreSQL. */
export interface Observed {
  /** A server in recovery is a replica and cannot be written to. */
  inRecovery: boolean;
  roles: Map<string, ObservedRole>;
  databases: Map<string, ObservedDatabase>;
}

/** Everything that databases share, in one row, so that it is one snapshot and one round trip. */
const catalogueQuery = `
select pg_catalog.pg_is_in_recovery() as in_recovery,
  (${rolesQuery}) as roles,
  (${databasesQuery}) as databases`;

interface CatalogueRow {
  in_recovery: boolean;
  roles: RoleRow[];
  databases: ObservedDatabase[];
}

/** Reads the catalogue. It only reads; the connection must be one of a superuser. */
export async function observe(connection: Connection): Promise<Observed> {
  const [row] = await connection.query<CatalogueRow>(catalogueQuery);
  if (!row) throw new Error('the catalogue query returned nothing');
  return {
    inRecovery: row.in_recovery,
    roles: new Map(row.roles.map((role) => [role.name, observedRole(role)])),
    databases: new Map(row.databases.map((database) => [database.name, database])),
  };
}
