import { untrustedTriggersQuery } from '../observe/contents.ts';
import { literal } from '../sql.ts';

/** What must not be there when the statements of a step run; looked at in their transaction. */
export interface Guard {
  /** Keeps others from changing the answer until the transaction ends. */
  lock: string;
  /**
   * Answers a row `{ found: string, passing: boolean }` for everything that is in the way. `passing`: it goes away by
   * itself and can be waited for.
   */
  query: string;
  /** What to do about what was found; a sentence. */
  advice: string;
}

/** The catalogues that say which function, operator or type a name means, and in which schema to look. */
const lock = `LOCK TABLE ${['namespace', 'extension', 'type', 'proc', 'operator']
  .map((name) => `pg_catalog.pg_${name}`)
  .join(', ')} IN SHARE ROW EXCLUSIVE MODE`;

/**
 * The script of an extension runs as superuser and finds functions, operators and types in the extension's schema and
 * in those of the extensions that it requires. If somebody else can put a better match there, their code runs as
 * superuser. So nobody may have a function or operator there, nor a type called like one of a required extension, who
 * is no superuser anyway.
 *
 * The lock keeps new ones out. What a transaction made that is still open cannot be seen, so those must end first: the
 * ones of the first look, for pg_stat_activity stays the same within a transaction, and pg_locks does not.
 *
 * @param schema where the objects will be; undefined: in one that nobody else can see
 */
export function extensionGuard(schema: string | undefined, requires: readonly string[]): Guard | undefined {
  if (schema === undefined && requires.length === 0) return undefined;
  const required = `array[${requires.map((name) => literal(name)).join(', ')}]::pg_catalog.text[]`;
  return {
    lock,
    query: `
with required as (
  select e.extnamespace as oid from pg_catalog.pg_extension e where e.extname = any (${required})),
looked_at as (
  select oid from required
  union select n.oid from pg_catalog.pg_namespace n where n.nspname = ${schema === undefined ? 'null' : literal(schema)}),
others as (select oid, rolname from pg_catalog.pg_roles where not rolsuper)
select 'function ' || p.oid::pg_catalog.regprocedure || ' of ' || o.rolname as found, false as passing
from pg_catalog.pg_proc p join looked_at n on n.oid = p.pronamespace join others o on o.oid = p.proowner
union all
select 'operator ' || p.oid::pg_catalog.regoperator || ' of ' || o.rolname, false
from pg_catalog.pg_operator p join looked_at n on n.oid = p.oprnamespace join others o on o.oid = p.oprowner
union all
select 'type ' || t.oid::pg_catalog.regtype || ' of ' || o.rolname, false
from pg_catalog.pg_type t join looked_at n on n.oid = t.typnamespace join others o on o.oid = t.typowner
where exists (select from pg_catalog.pg_type other join required r on r.oid = other.typnamespace
              where other.typname = t.typname and other.oid <> t.oid)
union all
select 'open transaction of ' || o.rolname || ' (process ' || a.pid || ')', true
from pg_catalog.pg_stat_activity a join others o on o.oid = a.usesysid
where a.datname = pg_catalog.current_database()
  and a.backend_xid in (select l.transactionid from pg_catalog.pg_locks l where l.locktype = 'transactionid' and l.granted)
union all
select 'prepared transaction of ' || x.owner, true
from pg_catalog.pg_prepared_xacts x join others o on o.rolname = x.owner
where x.database = pg_catalog.current_database()
limit 10`,
    advice: `Its script would run as superuser and could find these instead of PostgreSQL's own. Put it into a schema where only superusers have functions and operators, or make it by hand, as superuser, after a look at them.`,
  };
}

/** Event triggers run with nearly every statement about the contents of a database, as whoever sends it. */
export const triggerGuard: Guard = {
  lock: 'LOCK TABLE pg_catalog.pg_event_trigger IN SHARE ROW EXCLUSIVE MODE',
  query: `select 'event trigger ' || t.found as found, false as passing from (${untrustedTriggersQuery}) t`,
  advice: 'it would run, as superuser, what somebody wrote who is none; give the function to a superuser.',
};
