import { identityOf } from '../input.ts';
import type { ClusterRole } from './cluster-role.ts';
import { ownerMemberships, teamAdmins } from './memberships.ts';
import { mayLogIn } from './names.ts';
import type { RoleInput } from './role-input.ts';

/** `spec.users`, by name. */
export function manifestRoles(input: RoleInput): ClusterRole[] {
  const { manifest, configuration } = input;
  const users = manifest.spec.users ?? {};
  const databases = databasesByOwner(input);
  return Object.keys(users)
    .sort()
    .map((name): ClusterRole => {
      const flags = users[name] ?? [];
      const owned = databases.get(name) ?? [];
      const memberOf = owned.length > 0 ? ownerMemberships(configuration, name) : [];
      const admins = configuration.enable_admin_role_for_users ? teamAdmins(configuration, name) : [];
      return {
        name,
        origin: 'manifest',
        source: `spec.users.${name}`,
        flags,
        memberOf,
        // PostgreSQL has no circles of memberships.
        admins: admins.filter((admin) => !memberOf.includes(admin)),
        settings: {},
        ...(mayLogIn(flags)
          ? {
              secret: {
                namespace: secretNamespaceOf(input, name),
                ...(owned.length === 1 && owned[0] !== undefined ? { database: owned[0] } : {}),
              },
            }
          : {}),
      };
    });
}

function databasesByOwner({ manifest }: RoleInput): Map<string, string[]> {
  const byOwner = new Map<string, string[]>();
  for (const [name, owner] of Object.entries(manifest.spec.databases ?? {}))
    byOwner.set(owner, [...(byOwner.get(owner) ?? []), name]);
  return byOwner;
}

/** `namespace.user`, if that is allowed; the role in the database has the whole name all the same. */
export function secretNamespaceOf(
  { configuration, manifest }: Pick<RoleInput, 'configuration' | 'manifest'>,
  user: string,
): string {
  const dot = user.indexOf('.');
  return configuration.enable_cross_namespace_secret && dot > 0
    ? user.slice(0, dot)
    : identityOf(manifest).namespace;
}
