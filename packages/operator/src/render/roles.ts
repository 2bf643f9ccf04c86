import type { RenderInput } from './input.ts';

/** A role that logs in with a password and therefore has a Secret. */
export interface SecretRole {
  name: string;
  /** Patroni makes the superuser and the replication role; the operator makes those of the manifest. */
  origin: 'superuser' | 'replication' | 'manifest';
  /** Attributes as the manifest writes them. */
  flags: readonly string[];
}

/** All roles of the cluster that have Secrets, in a fixed order. Reserved and protected names are left out. */
export function secretRoles(input: RenderInput): SecretRole[] {
  const { configuration, manifest } = input;
  const superuser = configuration.super_username;
  const replication = configuration.replication_username;
  const reserved = new Set([superuser, replication, ...configuration.protected_role_names]);
  const users = manifest.spec.users ?? {};
  return [
    { name: superuser, origin: 'superuser', flags: ['superuser'] },
    { name: replication, origin: 'replication', flags: ['replication'] },
    ...Object.keys(users)
      .filter((name) => !reserved.has(name))
      .sort()
      .map((name): SecretRole => ({ name, origin: 'manifest', flags: users[name] ?? [] })),
  ];
}
