import type { Connection } from '../connection.ts';

/** Who has a privilege on something. */
export interface Grant {
  /** Name of a role; null: everybody (PUBLIC). */
  to: string | null;
  /** E.g. `USAGE`. */
  privilege: string;
  /** With the right to give it to others. */
  grantable: boolean;
}

/** A schema as it is. */
export interface ObservedSchema {
  name: string;
  owner: string;
  /** Whether the owner is a superuser, so that nobody else can change what is in it. */
  trusted: boolean;
  grants: Grant[];
}

/** An extension as it is. */
export interface ObservedExtension {
  name: string;
  schema: string;
  relocatable: boolean;
}

/** One privilege on future objects. */
export interface ObservedDefault {
  owner: string;
  /** null: in all schemas. */
  schema: string | null;
  /** `pg_default_acl.defaclobjtype`, e.g. `r` for tables. */
  objects: string;
  to: string | null;
  privilege: string;
}

/** A function of the lookup's schema, whose name begins like the lookup's. */
export interface ObservedFunction {
  name: string;
  /** Whether its one argument is a text, so that it is the one that poolers call. */
  takesText: boolean;
  trusted: boolean;
  /** Whether `CREATE OR REPLACE` can make it the lookup: names and types of arguments and result are the same. */
  replaceable: boolean;
  /** Everything else that makes it what it is. */
  definition: FunctionDefinition;
  grants: Grant[];
}

export interface FunctionDefinition {
  language: string;
  source: string;
  securityDefiner: boolean;
  volatility: string;
  settings: string[];
}

/** What is in one database, as far as something of it was asked for. */
export interface Contents {
  /** Whom the session acts as, and whether that is a superuser: settings of a database can change it. */
  user: string;
  superuser: boolean;
  /** Enabled event triggers whose function somebody who is no superuser can replace, e.g. `t (function f of bob)`. */
  untrustedTriggers: string[];
  schemas: Map<string, ObservedSchema>;
  extensions: Map<string, ObservedExtension>;
  defaults: ObservedDefault[];
  functions: ObservedFunction[];
}

/** What to look for in a database; it may have thousands of schemas. */
export interface ContentsWanted {
  schemas: string[];
  /** Whose default privileges. */
  owners: string[];
  lookup?: { schema: string; name: string };
}

const grants = (acl: string): string => `
  (select coalesce(pg_catalog.json_agg(pg_catalog.json_build_object(
     'to', case a.grantee when 0 then null else pg_catalog.pg_get_userbyid(a.grantee) end,
     'privilege', a.privilege_type, 'grantable', a.is_grantable)), '[]')
   from pg_catalog.aclexplode(${acl}) a)`;

/** The enabled event triggers whose function somebody who is no superuser can replace. */
export const untrustedTriggersQuery = `
select pg_catalog.format('%I (function %s of %I)', t.evtname, p.oid::pg_catalog.regproc, o.rolname) as found
from pg_catalog.pg_event_trigger t
  join pg_catalog.pg_proc p on p.oid = t.evtfoid
  join pg_catalog.pg_roles o on o.oid = p.proowner
where t.evtenabled <> 'D' and not o.rolsuper`;

/**
 * Everything in one row, so that it is one snapshot and one round trip. Names that begin like the lookup's are those up to
 * the character behind all that a name is made of; so the index helps. Of a function's text as much as ours may have is
 * read: somebody else's may be as long as he likes.
 */
const contentsQuery = `
select current_user::text as "user",
  (select r.rolsuper from pg_catalog.pg_roles r where r.rolname = current_user) as superuser,
  (select pg_catalog.json_agg(t.found) from (${untrustedTriggersQuery}) t) as "untrustedTriggers",
  (select pg_catalog.json_agg(pg_catalog.json_build_object(
      'name', n.nspname, 'owner', o.rolname, 'trusted', o.rolsuper,
      'grants', ${grants("coalesce(n.nspacl, pg_catalog.acldefault('n', n.nspowner))")}))
   from pg_catalog.pg_namespace n join pg_catalog.pg_roles o on o.oid = n.nspowner
   where n.nspname = any ($1::pg_catalog.text[])) as schemas,
  (select pg_catalog.json_agg(pg_catalog.json_build_object(
      'name', e.extname, 'schema', n.nspname, 'relocatable', e.extrelocatable))
   from pg_catalog.pg_extension e join pg_catalog.pg_namespace n on n.oid = e.extnamespace) as extensions,
  (select pg_catalog.json_agg(pg_catalog.json_build_object(
      'owner', o.rolname, 'schema', n.nspname, 'objects', d.defaclobjtype,
      'to', case a.grantee when 0 then null else pg_catalog.pg_get_userbyid(a.grantee) end,
      'privilege', a.privilege_type))
   from pg_catalog.pg_default_acl d
     join pg_catalog.pg_roles o on o.oid = d.defaclrole
     left join pg_catalog.pg_namespace n on n.oid = d.defaclnamespace
     cross join lateral pg_catalog.aclexplode(d.defaclacl) a
   where o.rolname = any ($2::pg_catalog.text[])) as defaults,
  (select pg_catalog.json_agg(pg_catalog.json_build_object(
      'name', p.proname, 'trusted', (select o.rolsuper from pg_catalog.pg_roles o where o.oid = p.proowner),
      'takesText', p.proargtypes[0] is not distinct from 'pg_catalog.text'::pg_catalog.regtype and p.pronargs = 1,
      'replaceable', p.prokind = 'f' and not p.proretset and p.prorettype = 'pg_catalog.record'::pg_catalog.regtype
        and p.proargnames = '{i_username,uname,phash}'::pg_catalog.text[]
        and p.proargmodes = '{i,o,o}'::"char"[]
        and p.proallargtypes = array['pg_catalog.text', 'pg_catalog.text', 'pg_catalog.text']::pg_catalog.regtype[]::pg_catalog.oid[],
      'definition', pg_catalog.json_build_object(
        'language', l.lanname, 'source', pg_catalog.left(p.prosrc, 1000), 'securityDefiner', p.prosecdef, 'volatility', p.provolatile,
        'settings', coalesce(p.proconfig, '{}')),
      'grants', ${grants("coalesce(p.proacl, pg_catalog.acldefault('f', p.proowner))")}))
   from pg_catalog.pg_proc p
     join pg_catalog.pg_namespace n on n.oid = p.pronamespace
     join pg_catalog.pg_language l on l.oid = p.prolang
   where n.nspname = $3::pg_catalog.text
     and p.proname >= $4::pg_catalog.name and p.proname < ($4::pg_catalog.text || '{')::pg_catalog.name) as functions`;

interface ContentsRow {
  user: string;
  superuser: boolean;
  untrustedTriggers: string[] | null;
  schemas: ObservedSchema[] | null;
  extensions: ObservedExtension[] | null;
  defaults: ObservedDefault[] | null;
  functions: ObservedFunction[] | null;
}

/** Reads one database's catalogue. It only reads; the connection must be one of a superuser. */
export async function observeContents(connection: Connection, wanted: ContentsWanted): Promise<Contents> {
  const { lookup } = wanted;
  const [row] = await connection.query<ContentsRow>(contentsQuery, [
    [...wanted.schemas, ...(lookup ? [lookup.schema] : [])],
    wanted.owners,
    lookup?.schema ?? null,
    lookup?.name ?? null,
  ]);
  if (!row) throw new Error('the catalogue query returned nothing');
  return {
    user: row.user,
    superuser: row.superuser,
    untrustedTriggers: row.untrustedTriggers ?? [],
    schemas: byName(row.schemas),
    extensions: byName(row.extensions),
    defaults: row.defaults ?? [],
    functions: row.functions ?? [],
  };
}

function byName<T extends { name: string }>(rows: T[] | null): Map<string, T> {
  return new Map((rows ?? []).map((row) => [row.name, row]));
}
