/** A database as it is. */
export interface ObservedDatabase {
  name: string;
  owner: string;
  /** Whether it can be connected to at all; `template0` cannot. */
  allowsConnections: boolean;
  /** Whether it is there to be copied (`datistemplate`). */
  template: boolean;
  /** False when dropping it was interrupted; nothing can be done with it but to drop it. */
  valid: boolean;
}

/** All databases, as one value. */
export const databasesQuery = `
select pg_catalog.json_agg(pg_catalog.json_build_object(
  'name', d.datname, 'owner', o.rolname, 'allowsConnections', d.datallowconn,
  'template', d.datistemplate, 'valid', d.datconnlimit <> -2))
from pg_catalog.pg_database d join pg_catalog.pg_roles o on o.oid = d.datdba`;
