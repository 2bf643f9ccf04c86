import type { Configuration } from '@pgherd/api';
import { identityOf } from '../input.ts';
import {
  groupRole,
  preparedDatabases,
  schemaPrefix,
  userOf,
  type GroupRole,
  type PreparedDatabase,
} from '../prepared.ts';
import type { ClusterRole } from './cluster-role.ts';
import { ownerMemberships, teamAdmins } from './memberships.ts';
import type { RoleInput } from './role-input.ts';

/** What the roles of a database, or of a schema with roles of its own, have in common. */
interface Scope {
  database: PreparedDatabase;
  /** What their names begin with. */
  prefix: string;
  /** Schemas that their sessions look for names in. */
  schemas: string[];
  /** Whether there are LOGIN roles, too. */
  hasUsers: boolean;
  /** Who may add members to the owner. */
  ownersAdmins: (owner: string) => string[];
}

/** The roles of all prepared databases, each database's own first, then those of its schemas. */
export function preparedRoles(input: RoleInput): ClusterRole[] {
  const { configuration, manifest } = input;
  return preparedDatabases(manifest).flatMap((database) => {
    const { name, schemas } = database;
    const scopes: Scope[] = [
      {
        database,
        prefix: name,
        schemas: schemas.map((schema) => schema.name),
        hasUsers: database.hasUsers,
        ownersAdmins: (owner) => teamAdmins(configuration, owner),
      },
      ...schemas
        .filter(({ hasRoles }) => hasRoles)
        .map((schema) => ({
          database,
          prefix: schemaPrefix(name, schema.name),
          schemas: [schema.name],
          hasUsers: schema.hasUsers,
          ownersAdmins: () => [groupRole(name, 'owner')],
        })),
    ];
    return scopes.flatMap((scope) => rolesOf(scope, input));
  });
}

function rolesOf(scope: Scope, { configuration, manifest }: RoleInput): ClusterRole[] {
  const { database, prefix, hasUsers } = scope;
  const namespace = preparedSecretNamespace(configuration, database) ?? identityOf(manifest).namespace;
  const settings = { search_path: ['$user', ...scope.schemas].map((schema) => `"${schema}"`).join(', ') };
  const role = (group: GroupRole, name: string, memberOf: string[]): ClusterRole => {
    const isOwner = group === 'owner';
    const all = isOwner ? [...memberOf, ...ownerMemberships(configuration, name)] : memberOf;
    const admins = isOwner ? scope.ownersAdmins(name) : [groupRole(prefix, 'owner')];
    return {
      name,
      origin: 'prepared',
      source: database.source,
      flags: ['nologin'],
      memberOf: all,
      // PostgreSQL has no circles of memberships.
      admins: admins.filter((admin) => !all.includes(admin)),
      settings,
    };
  };
  const groups: GroupRole[] = ['owner', 'reader', 'writer'];
  return groups.flatMap((group) => {
    const name = groupRole(prefix, group);
    // Who may write may read.
    const memberOf = group === 'writer' ? [groupRole(prefix, 'reader')] : [];
    const user = role(group, userOf(name), [name]);
    return [
      role(group, name, memberOf),
      ...(hasUsers
        ? [
            {
              ...user,
              flags: ['login'],
              secret: { namespace, database: database.name },
            } satisfies ClusterRole,
          ]
        : []),
    ];
  });
}

/** Namespace of the Secrets of a prepared database, where it is not the cluster's. */
export function preparedSecretNamespace(
  configuration: Configuration,
  { secretNamespace }: Pick<PreparedDatabase, 'secretNamespace'>,
): string | undefined {
  return configuration.enable_cross_namespace_secret ? secretNamespace : undefined;
}
