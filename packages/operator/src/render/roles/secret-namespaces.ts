import type { Configuration, Postgresql } from '@pgherd/api';
import { identityOf } from '../input.ts';
import { secretNamespaceOf } from './manifest-roles.ts';

/** Namespaces that Secrets of this manifest are in, whatever else is wrong with it. */
export function secretNamespaces(declared: { manifest: Postgresql; configuration: Configuration }): string[] {
  const { manifest, configuration } = declared;
  const { users, preparedDatabases } = membersOf(manifest.spec);
  const { namespace } = identityOf(manifest);
  const prepared = configuration.enable_cross_namespace_secret
    ? Object.values(membersOf(preparedDatabases)).map((entry) => membersOf(entry)['secretNamespace'])
    : [];
  return [
    ...new Set([
      namespace,
      ...Object.keys(membersOf(users)).map((name) => secretNamespaceOf(declared, name)),
      ...prepared.filter((name): name is string => typeof name === 'string' && name !== ''),
    ]),
  ];
}

function membersOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
