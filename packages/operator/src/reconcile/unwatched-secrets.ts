import type { Configuration, Postgresql, Problem } from '@pgherd/api';
import type { Observed } from '../observe/observed.ts';
import { secretRoles } from '../render/roles.ts';

/** An error for each user whose Secret would be where the operator cannot see it, and so could never find it again. */
export function unwatchedSecrets(
  manifest: Postgresql,
  configuration: Configuration,
  observed: Observed,
): Problem[] {
  const { watches } = observed;
  if (watches === undefined) return [];
  return secretRoles({ manifest, configuration })
    .filter(({ namespace }) => namespace !== observed.namespace && !watches(namespace))
    .map(({ name, namespace }) => ({
      severity: 'error',
      field: `spec.users.${name}`,
      message: `its Secret belongs in the namespace \`${namespace}\`, which this operator does not watch; add that to \`watched_namespace\`, or rename the user.`,
    }));
}
