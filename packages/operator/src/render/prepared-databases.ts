import type { Postgresql } from '@pgherd/api';
import type { DeclaredDatabase, DeclaredSchema, DefaultPrivileges } from '@pgherd/postgres';
import {
  groupRole,
  preparedDatabases,
  schemaPrefix,
  userOf,
  type PreparedDatabase,
  type PreparedSchema,
} from './prepared.ts';

/** The databases of `spec.preparedDatabases` with everything that is in them, by name. */
export function renderPreparedDatabases(manifest: Postgresql): DeclaredDatabase[] {
  return preparedDatabases(manifest).map((database) => ({
    name: database.name,
    source: database.source,
    owner: groupRole(database.name, 'owner'),
    schemas: database.schemas.map((schema) => schemaOf(database, schema)),
    extensions: Object.entries(database.extensions).map(([name, schema]) => ({ name, schema })),
    defaultPrivileges: [
      ...ownersOf(database.name, database.hasUsers).map((owner) => granted(owner, database.name)),
      ...database.schemas.flatMap((schema) => privilegesIn(database, schema)),
    ],
  }));
}

function schemaOf(database: PreparedDatabase, schema: PreparedSchema): DeclaredSchema {
  const own = schemaPrefix(database.name, schema.name);
  const prefixes = schema.hasRoles ? [database.name, own] : [database.name];
  return {
    name: schema.name,
    owner: groupRole(schema.hasRoles ? own : database.name, 'owner'),
    usage: prefixes.flatMap((prefix) => [groupRole(prefix, 'reader'), groupRole(prefix, 'writer')]),
  };
}

/**
 * Of what any owner makes in the schema: for the schema's own readers and writers. Of what the schema's own owners make: for
 * those of the whole database, too. What the database's owners make in any schema is for these already.
 */
function privilegesIn(database: PreparedDatabase, schema: PreparedSchema): DefaultPrivileges[] {
  const ofDatabase = ownersOf(database.name, database.hasUsers);
  if (!schema.hasRoles) return [];
  const prefix = schemaPrefix(database.name, schema.name);
  const own = ownersOf(prefix, schema.hasUsers);
  return [
    ...own.map((owner) => granted(owner, database.name, schema.name)),
    ...[...ofDatabase, ...own].map((owner) => granted(owner, prefix, schema.name)),
  ];
}

/** All roles that may make objects as owners. */
function ownersOf(prefix: string, hasUsers: boolean): string[] {
  const owner = groupRole(prefix, 'owner');
  return hasUsers ? [owner, userOf(owner)] : [owner];
}

function granted(owner: string, prefix: string, schema?: string): DefaultPrivileges {
  return {
    owner,
    ...(schema === undefined ? {} : { schema }),
    reader: groupRole(prefix, 'reader'),
    writer: groupRole(prefix, 'writer'),
  };
}
