/** A database as it is. */
export interface ObservedDatabase {
  name: string;
  owner: string;
  /** Whether it can be connected to at all; `template0` cannot. */
  allowsConnections: boolean;
}

/** All databases, as one value. */
export const databasesQuery = `
select pg_catalog.json_agg(pg_catalog.json_build_object(
  'name', d.datname, 'owner', o.rolname, 'allowsConnections', d.datallowconn))
from pg_catalog.pg_database d join pg_catalog.pg_roles o on o.oid = d.datdba`;
