import { type AttributeName, attributeNames } from '../declared.ts';
import { literal } from '../sql.ts';

/** A membership as it is. From PostgreSQL 16 on several roles may have granted it; then it is the sum of theirs. */
export interface ObservedMembership {
  /** May add others. */
  admin: boolean;
  /** Whether it gives anything: the rights of the group, or `SET ROLE` to it. Always so before PostgreSQL 16. */
  effective: boolean;
}

/** A membership that somebody granted, with all that PostgreSQL 16 says about it. */
export interface ObservedGrant {
  group: string;
  member: string;
  admin: boolean;
  inherit: boolean;
  set: boolean;
}

/** A role as it is. */
export interface ObservedRole {
  name: string;
  attributes: Record<AttributeName, boolean>;
  /** The superuser that the server was made with; nothing can be taken from it. */
  bootstrap: boolean;
  /** What PostgreSQL stores of the password: a verifier, never clear text; null when it has none. */
  verifier: string | null;
  /** Roles that it is a direct member of. */
  memberOf: Map<string, ObservedMembership>;
  /** Those of the parameters asked for that it has in all databases, by their names in lower case. */
  settings: Map<string, string>;
  comment: string | null;
  /** How many sessions it has. */
  sessions: number;
  /**
   * Databases in which it owns something or is named in privileges; `''` for what no database holds, like databases
   * themselves. Only looked at for names that end like those of rotated roles; otherwise empty.
   */
  dependsIn: string[];
  /** Memberships that it granted to others and that go when it is dropped; looked at for the same names. */
  granted: ObservedGrant[];
}

/**
 * All roles, as one value. `settings` are names of parameters as `settingKey` has them. Roles can make their own
 * verifiers and parameters as long as they like, so that only as much is read as is of use.
 */
export function rolesQuery(settings: readonly string[]): string {
  return `
select pg_catalog.json_agg(pg_catalog.json_build_object(
  'name', r.rolname,
  'superuser', r.rolsuper, 'inherit', r.rolinherit, 'createrole', r.rolcreaterole,
  'createdb', r.rolcreatedb, 'login', r.rolcanlogin, 'replication', r.rolreplication,
  'bypassrls', r.rolbypassrls,
  'bootstrap', r.oid = 10,
  'verifier', pg_catalog.left(r.rolpassword, 1000),
  'comment', pg_catalog.left(c.description, 10000),
  'sessions', coalesce(a.sessions, 0),
  'memberOf', m.groups,
  'settings', s.settings,
  'dependsIn', case when r.rolname ~ '[0-9]{6}$' then
    (select pg_catalog.json_agg(distinct coalesce(d.datname, ''))
     from pg_catalog.pg_shdepend p left join pg_catalog.pg_database d on d.oid = p.dbid
     where p.refclassid = 'pg_catalog.pg_authid'::pg_catalog.regclass and p.refobjid = r.oid) end,
  'granted', case when r.rolname ~ '[0-9]{6}$' then
    (select pg_catalog.json_agg(pg_catalog.json_build_object(
       'group', pg_catalog.pg_get_userbyid(m.roleid), 'member', pg_catalog.pg_get_userbyid(m.member),
       'admin', m.admin_option, 'inherit', pg_catalog.to_jsonb(m)->'inherit_option',
       'set', pg_catalog.to_jsonb(m)->'set_option'))
     from pg_catalog.pg_auth_members m where m.grantor = r.oid) end))
from pg_catalog.pg_authid r
left join pg_catalog.pg_shdescription c
  on c.objoid = r.oid and c.classoid = 'pg_catalog.pg_authid'::pg_catalog.regclass
left join (select usesysid, pg_catalog.count(*) as sessions from pg_catalog.pg_stat_activity group by usesysid) a
  on a.usesysid = r.oid
left join (
  select m.member, pg_catalog.json_agg(pg_catalog.json_build_object(
    'role', g.rolname, 'admin', m.admin_option,
    'inherit', pg_catalog.to_jsonb(m)->'inherit_option', 'set', pg_catalog.to_jsonb(m)->'set_option')) as groups
  from pg_catalog.pg_auth_members m join pg_catalog.pg_roles g on g.oid = m.roleid group by m.member) m
  on m.member = r.oid
left join (
  select s.setrole, pg_catalog.json_object_agg(e.name, pg_catalog.left(e.value, 8000)) as settings
  from pg_catalog.pg_db_role_setting s, pg_catalog.unnest(s.setconfig) as t(entry),
    lateral (select pg_catalog.lower(pg_catalog.split_part(t.entry, '=', 1)) as name,
      pg_catalog.substr(t.entry, pg_catalog.strpos(t.entry, '=') + 1) as value) e
  where s.setdatabase = 0 and e.name = any (array[${settings.map(literal).join(', ')}]::pg_catalog.text[]) group by s.setrole) s
  on s.setrole = r.oid`;
}

/** What `rolesQuery` answers for each role. The options of memberships are missing before PostgreSQL 16. */
export type RoleRow = Record<AttributeName, boolean> & {
  name: string;
  bootstrap: boolean;
  verifier: string | null;
  comment: string | null;
  sessions: number;
  memberOf: { role: string; admin: boolean; inherit: boolean | null; set: boolean | null }[] | null;
  settings: Record<string, string> | null;
  dependsIn: string[] | null;
  granted:
    | (Omit<ObservedGrant, 'inherit' | 'set'> & { inherit: boolean | null; set: boolean | null })[]
    | null;
};

export function observedRole(row: RoleRow): ObservedRole {
  const memberOf = new Map<string, ObservedMembership>();
  for (const { role, admin, inherit, set } of row.memberOf ?? []) {
    const other = memberOf.get(role);
    memberOf.set(role, {
      admin: admin || other?.admin === true,
      effective: inherit !== false || set !== false || other?.effective === true,
    });
  }
  const attributes = Object.fromEntries(attributeNames.map((name) => [name, row[name]]));
  const { name, bootstrap, verifier, comment, sessions } = row;
  return {
    name,
    attributes: attributes as Record<AttributeName, boolean>,
    bootstrap,
    verifier,
    comment,
    sessions,
    memberOf,
    settings: new Map(Object.entries(row.settings ?? {})),
    dependsIn: row.dependsIn ?? [],
    // Before PostgreSQL 16 a membership does not depend on who granted it.
    granted: (row.granted ?? []).flatMap(({ inherit, set, ...grant }) =>
      inherit === null || set === null ? [] : [{ ...grant, inherit, set }],
    ),
  };
}
