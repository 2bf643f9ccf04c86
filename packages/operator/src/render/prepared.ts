import type { Postgresql } from '@pgherd/api';
import { databaseName } from '@pgherd/api';
import { identityOf } from './input.ts';

/** A schema of a prepared database. */
export interface PreparedSchema {
  name: string;
  /** Whether it has owner, reader and writer roles of its own. */
  hasRoles: boolean;
  /** Whether these also have LOGIN roles. */
  hasUsers: boolean;
}

/** An entry of `spec.preparedDatabases`, with everything that it leaves out filled in. */
export interface PreparedDatabase {
  name: string;
  /** Path of the entry in the manifest. */
  source: string;
  hasUsers: boolean;
  /** As written, whether it is allowed or not. */
  secretNamespace: string | undefined;
  /** By name, so that the order is always the same. */
  schemas: PreparedSchema[];
  /** Schema of each extension. */
  extensions: Record<string, string>;
}

/** The group role at the end of this name: of a database, or of `DATABASE_SCHEMA`. */
export type GroupRole = 'owner' | 'reader' | 'writer';

/** Name of a role of a prepared database or of one of its schemas. */
export function groupRole(prefix: string, role: GroupRole): string {
  return `${prefix}_${role}`;
}

/** Name of the LOGIN role that is a member of a group role. */
export function userOf(group: string): string {
  return `${group}_user`;
}

/** What the names of a schema's own roles begin with. */
export function schemaPrefix(database: string, schema: string): string {
  return `${database}_${schema}`;
}

/**
 * The prepared databases of a manifest, by name. An empty map means one that is called like the cluster; a database
 * without schemas has one called `data`. What cannot be the name of a database is left out.
 */
export function preparedDatabases(manifest: Postgresql): PreparedDatabase[] {
  const { preparedDatabases: written } = manifest.spec;
  if (written === undefined || written === null) return [];
  const isEmpty = Object.keys(written).length === 0;
  const entries = isEmpty ? { [identityOf(manifest).name.replaceAll('-', '_')]: {} } : written;
  return sorted(entries)
    .filter(([name]) => databaseName.test(name))
    .map(([name, entry]): PreparedDatabase => {
      const schemas = entry.schemas ?? {};
      const named: typeof schemas = Object.keys(schemas).length === 0 ? { data: {} } : schemas;
      return {
        name,
        source: isEmpty ? 'spec.preparedDatabases' : `spec.preparedDatabases.${name}`,
        hasUsers: entry.defaultUsers === true,
        secretNamespace: entry.secretNamespace === '' ? undefined : entry.secretNamespace,
        schemas: sorted(named).map(([schema, { defaultRoles, defaultUsers }]) => ({
          name: schema,
          hasRoles: defaultRoles !== false,
          hasUsers: defaultRoles !== false && defaultUsers === true,
        })),
        extensions: Object.fromEntries(sorted(entry.extensions ?? {})),
      };
    });
}

function sorted<T>(entries: Record<string, T>): [string, T][] {
  return Object.entries(entries).sort(([a], [b]) => (a < b ? -1 : 1));
}
