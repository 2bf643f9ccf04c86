import type { Connection } from '../connection.ts';
import type { Declared } from '../declared.ts';
import { settingKey } from '../setting.ts';
import { databasesQuery, type ObservedDatabase } from './databases.ts';
import { observedRole, rolesQuery, type ObservedRole, type RoleRow } from './roles.ts';

/** What is true inside PostgreSQL. */
export interface Observed {
  /** A server in recovery is a replica and cannot be written to. */
  inRecovery: boolean;
  /** The role that we are logged in as. */
  user: string;
  roles: Map<string, ObservedRole>;
  databases: Map<string, ObservedDatabase>;
}

/** Everything that databases share, in one row, so that it is one snapshot and one round trip. */
function catalogueQuery(settings: readonly string[]): string {
  return `
select pg_catalog.pg_is_in_recovery() as in_recovery, session_user as user,
  (${rolesQuery(settings)}) as roles,
  (${databasesQuery}) as databases`;
}

interface CatalogueRow {
  in_recovery: boolean;
  user: string;
  roles: RoleRow[];
  databases: ObservedDatabase[];
}

/** Reads the catalogue. It only reads; the connection must be one of a superuser. Of settings only those declared. */
export async function observe(
  connection: Connection,
  declared: Pick<Declared, 'roles'> = { roles: [] },
): Promise<Observed> {
  const settings = new Set(
    declared.roles.flatMap((role) => Object.keys(role.settings ?? {}).map(settingKey)),
  );
  const [row] = await connection.query<CatalogueRow>(
    catalogueQuery([...settings].filter((name) => !name.includes('\0'))),
  );
  if (!row) throw new Error('the catalogue query returned nothing');
  return {
    inRecovery: row.in_recovery,
    user: row.user,
    roles: new Map(row.roles.map((role) => [role.name, observedRole(role)])),
    databases: new Map(row.databases.map((database) => [database.name, database])),
  };
}
