import type { Problem } from '@pgherd/api';
import type { Observed } from '../observe/observed.ts';
import type { RoleInput } from '../render/roles/role-input.ts';
import { secretRoles } from '../render/roles/secret-roles.ts';

/** An error for each role whose Secret would be where the operator cannot see it, and so could never find it again. */
export function unwatchedSecrets(input: RoleInput, { watches, namespace: own }: Observed): Problem[] {
  if (watches === undefined) return [];
  const unwatched = secretRoles(input).filter(
    ({ secret: { namespace } }) => namespace !== own && !watches(namespace),
  );
  return unwatched.map(({ name, source, secret: { namespace } }) => ({
    severity: 'error',
    field: source,
    message: `the Secret of the role \`${name}\` belongs in the namespace \`${namespace}\`, which this operator does not watch; add that to \`watched_namespace\`, or name another one.`,
  }));
}
