import { identityOf, type RenderInput } from './input.ts';
import { poolersOf, poolerUser } from './poolers.ts';

/** Who the roles are is said by manifest and configuration alone. */
type Declared = Pick<RenderInput, 'manifest' | 'configuration'>;

/** A role that logs in with a password and therefore has a Secret. */
export interface SecretRole {
  name: string;
  /** Patroni makes the superuser and the replication role; the operator makes the others. */
  origin: 'superuser' | 'replication' | 'manifest' | 'pooler';
  /** Attributes as the manifest writes them. */
  flags: readonly string[];
  /** Namespace of its Secret. */
  namespace: string;
}

/** A role that the manifest declares, whether it may log in or not. */
export interface ManifestRole {
  name: string;
  flags: readonly string[];
}

/** `spec.users` by name. Reserved and protected names are left out. */
export function manifestRoles(input: Declared): ManifestRole[] {
  const { configuration, manifest } = input;
  const { super_username: superuser, replication_username: replication } = configuration;
  const reserved = new Set([superuser, replication, ...configuration.protected_role_names]);
  const users = manifest.spec.users ?? {};
  return Object.keys(users)
    .filter((name) => !reserved.has(name))
    .sort()
    .map((name) => ({ name, flags: users[name] ?? [] }));
}

/**
 * All roles of the cluster that have Secrets, in a fixed order. Roles that come from elsewhere (infrastructure roles,
 * prepared databases with their `secretNamespace`) belong here as soon as they are acted on.
 */
export function secretRoles(input: Declared): SecretRole[] {
  const { configuration, manifest } = input;
  const { namespace } = identityOf(manifest);
  const users = manifestRoles(input);
  const pooler = poolerUser(input);
  const hasPooler = poolersOf(input).length > 0 && !users.some(({ name }) => name === pooler);
  return [
    { name: configuration.super_username, origin: 'superuser', flags: ['superuser'], namespace },
    { name: configuration.replication_username, origin: 'replication', flags: ['replication'], namespace },
    ...users
      .filter(({ flags }) => mayLogIn(flags))
      .map((user): SecretRole => ({ ...user, origin: 'manifest', namespace: namespaceOf(input, user.name) })),
    ...(hasPooler ? [{ name: pooler, origin: 'pooler', flags: [], namespace } as const] : []),
  ];
}

/** Without a way to log in there is no use for a password. */
export function mayLogIn(flags: readonly string[]): boolean {
  return !flags.some((flag) => flag.toLowerCase() === 'nologin');
}

/** `namespace.user`, if that is allowed; the role in the database has the whole name all the same. */
function namespaceOf({ configuration, manifest }: Declared, user: string): string {
  const dot = user.indexOf('.');
  return configuration.enable_cross_namespace_secret && dot > 0
    ? user.slice(0, dot)
    : identityOf(manifest).namespace;
}

/** Namespaces that Secrets of this manifest are in, whatever else is wrong with it. */
export function secretNamespaces(declared: Declared): string[] {
  const spec: unknown = declared.manifest.spec;
  const users = typeof spec === 'object' && spec !== null && 'users' in spec ? spec.users : undefined;
  const names = typeof users === 'object' && users !== null ? Object.keys(users) : [];
  const { namespace } = identityOf(declared.manifest);
  return [...new Set([namespace, ...names.map((name) => namespaceOf(declared, name))])];
}
