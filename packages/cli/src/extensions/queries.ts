import { psqlCommand } from '../cluster/psql.ts';

/** A database of the server, and whether anybody can connect to it. */
export interface DatabaseEntry {
  name: string;
  connectable: boolean;
}

/** An extension that the image has, at the version that `CREATE EXTENSION` takes. */
export interface AvailableEntry {
  name: string;
  version: string | null;
  comment: string | null;
  /** Who may create objects in a database may create it; null before PostgreSQL 13. */
  trusted: boolean | null;
}

/** What one query of the whole server answers. */
export interface ServerEntry {
  /** Libraries of `shared_preload_libraries`, as the running server has it. */
  preloaded: string;
  /** Extensions that pgextwlist lets owners of databases create; null where it is not loaded. */
  allowed: string | null;
  databases: DatabaseEntry[];
  available: AvailableEntry[];
}

/** An extension of one database. */
export interface InstalledEntry {
  name: string;
  version: string;
  schema: string;
  /** The image's version; null when the image does not have the extension. */
  newest: string | null;
  /** Scripts lead from the installed version to the image's. */
  updatable: boolean;
}

/** Answers one `ServerEntry`; works from PostgreSQL 10 on, hence the detour over JSON for a newer column. */
export const serverQuery = `
SELECT json_build_object(
  'preloaded', current_setting('shared_preload_libraries'),
  'allowed', current_setting('extwlist.extensions', true),
  'databases', (
    SELECT json_agg(json_build_object('name', datname, 'connectable', datallowconn AND datconnlimit <> -2)
                    ORDER BY datname)
      FROM pg_database WHERE datname <> 'template0'),
  'available', (
    SELECT coalesce(json_agg(json_build_object(
             'name', extension.name, 'version', extension.default_version, 'comment', extension.comment,
             'trusted', to_jsonb(offered) -> 'trusted') ORDER BY extension.name), '[]')
      FROM pg_available_extensions AS extension
      LEFT JOIN pg_available_extension_versions AS offered
        ON offered.name = extension.name AND offered.version = extension.default_version))`;

/** Answers a list of `InstalledEntry`. Paths of updates are looked for only where the versions differ: PostGIS has many. */
export const databaseQuery = `
SELECT coalesce(json_agg(json_build_object(
         'name', extension.extname, 'version', extension.extversion, 'schema', schema.nspname,
         'newest', available.default_version,
         'updatable', CASE WHEN available.default_version <> extension.extversion THEN EXISTS (
           SELECT FROM pg_extension_update_paths(extension.extname) AS way
            WHERE way.source = extension.extversion AND way.target = available.default_version
              AND way.path IS NOT NULL) ELSE false END) ORDER BY extension.extname), '[]')
  FROM pg_extension AS extension
  JOIN pg_namespace AS schema ON schema.oid = extension.extnamespace
  LEFT JOIN pg_available_extensions AS available ON available.name = extension.extname`;

/**
 * The command that runs one of the queries inside the container, as superuser. Settings that an owner gave the database
 * do not win over those here.
 */
export function queryCommand(database: string, query: string): string[] {
  const settings = {
    search_path: 'pg_catalog',
    default_transaction_read_only: 'on',
    statement_timeout: '60s',
    // Otherwise nothing can be asked in a database whose TimescaleDB is older than the image's.
    'timescaledb.disable_load': 'on',
  };
  const options = Object.entries(settings).map(([name, value]) => `-c ${name}=${value}`);
  const plain = ['--no-psqlrc', '--no-password', '--quiet', '--tuples-only', '--no-align'];
  return [
    'env',
    'PGCLIENTENCODING=UTF8',
    `PGOPTIONS=${options.join(' ')}`,
    ...psqlCommand(undefined, database, [...plain, '--command', query]),
  ];
}
