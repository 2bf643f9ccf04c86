import type { Problem } from '@pgherd/api';
import type { Observed } from '../observe/observed.ts';
import type { RoleInput } from '../render/roles/role-input.ts';
import { secretRoles } from '../render/roles/secret-roles.ts';

/** An error for each declaration whose Secrets would be where the operator cannot see it, and so could never find it again. */
export function unwatchedSecrets(input: RoleInput, { watches, namespace: own }: Observed): Problem[] {
  if (watches === undefined) return [];
  const unwatched = secretRoles(input).filter(
    ({ secret: { namespace } }) => namespace !== own && !watches(namespace),
  );
  // A prepared database has several.
  const first = new Map(unwatched.toReversed().map((role) => [role.source, role]));
  return [...first.values()].toReversed().map(({ name, source, secret: { namespace } }) => ({
    severity: 'error',
    field: source,
    message: `the Secret of the role \`${name}\` belongs in the namespace \`${namespace}\`, which this operator does not watch; add that to \`watched_namespace\`, or name another one.`,
  }));
}
