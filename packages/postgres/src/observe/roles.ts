import { type AttributeName, attributeNames } from '../declared.ts';

/** A role as it is. */
export interface ObservedRole {
  name: string;
  attributes: Record<AttributeName, boolean>;
  /** What PostgreSQL stores of the password: a verifier, never clear text; null when it has none. */
  verifier: string | null;
  /** Roles that it is a direct member of; whether it may add others to them. */
  memberOf: Record<string, { admin: boolean }>;
}

/** All roles, as one value. */
export const rolesQuery = `
select pg_catalog.json_agg(pg_catalog.json_build_object(
  'name', r.rolname,
  'superuser', r.rolsuper, 'inherit', r.rolinherit, 'createrole', r.rolcreaterole,
  'createdb', r.rolcreatedb, 'login', r.rolcanlogin, 'replication', r.rolreplication,
  'bypassrls', r.rolbypassrls,
  'verifier', r.rolpassword,
  'memberOf', (select pg_catalog.json_agg(pg_catalog.json_build_object('role', g.rolname, 'admin', m.admin_option))
               from pg_catalog.pg_auth_members m join pg_catalog.pg_roles g on g.oid = m.roleid
               where m.member = r.oid)))
from pg_catalog.pg_authid r`;

/** What `rolesQuery` answers for each role. */
export type RoleRow = Record<AttributeName, boolean> & {
  name: string;
  verifier: string | null;
  memberOf: { role: string; admin: boolean }[] | null;
};

export function observedRole(row: RoleRow): ObservedRole {
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
