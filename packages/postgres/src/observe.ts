import type { Connection } from './connection.ts';
import { type AttributeName, attributeNames } from './declared.ts';

/** A role as it is. */
export interface ObservedRole {
  name: string;
  attributes: Record<AttributeName, boolean>;
  /** What PostgreSQL stores of the password: a verifier, never clear text; null when it has none. */
  verifier: string | null;
  /** Roles that it is a direct member of; whether it may add others to them. */
  memberOf: Record<string, { admin: boolean }>;
}

/** A database as it is. */
export interface ObservedDatabase {
  name: string;
  owner: string;
}

/** What is true inside PostgreSQL. */
export interface Observed {
  /** A server in recovery is a replica and cannot be written to. */
  inRecovery: boolean;
  roles: Map<string, ObservedRole>;
  databases: Map<string, ObservedDatabase>;
}

/** Everything in one row, so that it is one snapshot and one round trip. */
const catalogueQuery = `
select pg_catalog.pg_is_in_recovery() as in_recovery,
  (select pg_catalog.json_agg(pg_catalog.json_build_object(
      'name', r.rolname,
      'superuser', r.rolsuper, 'inherit', r.rolinherit, 'createrole', r.rolcreaterole,
      'createdb', r.rolcreatedb, 'login', r.rolcanlogin, 'replication', r.rolreplication,
      'bypassrls', r.rolbypassrls,
      'verifier', r.rolpassword,
      'memberOf', (select pg_catalog.json_agg(pg_catalog.json_build_object('role', g.rolname, 'admin', m.admin_option))
                   from pg_catalog.pg_auth_members m join pg_catalog.pg_roles g on g.oid = m.roleid
                   where m.member = r.oid)))
   from pg_catalog.pg_authid r) as roles,
  (select pg_catalog.json_agg(pg_catalog.json_build_object('name', d.datname, 'owner', o.rolname))
   from pg_catalog.pg_database d join pg_catalog.pg_roles o on o.oid = d.datdba) as databases`;

type RoleRow = Record<AttributeName, boolean> & {
  name: string;
  verifier: string | null;
  memberOf: { role: string; admin: boolean }[] | null;
};

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

function observedRole(row: RoleRow): ObservedRole {
  const memberOf: ObservedRole['memberOf'] = {};
  // From PostgreSQL 16 on a membership may be granted by several roles.
  for (const { role, admin } of row.memberOf ?? [])
    memberOf[role] = { admin: admin || (memberOf[role]?.admin ?? false) };
  const attributes = Object.fromEntries(attributeNames.map((name) => [name, row[name]]));
  return {
    name: row.name,
    attributes: attributes as Record<AttributeName, boolean>,
    verifier: row.verifier,
    memberOf,
  };
}
