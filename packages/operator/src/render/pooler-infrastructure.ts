import type { RenderInput } from './input.ts';
import { clusterRoles } from './roles/cluster-roles.ts';

/** The infrastructure roles whose passwords a pooler knows by itself, by name. */
export function poolerInfrastructure(input: RenderInput): string[] {
  return clusterRoles(input)
    .roles.filter(({ origin, secret }) => origin === 'infrastructure' && secret !== undefined)
    .map(({ name }) => name)
    .sort();
}

/**
 * These roles as a variable of the pooler's pods; undefined when there are none. What exists with the same names stays as
 * it is: Zalando's operator writes them in any order.
 */
export function infrastructureVariable(
  names: readonly string[],
  existing: string | undefined,
): string | undefined {
  if (names.length === 0) return undefined;
  const before = existing?.split(',') ?? [];
  return before.toSorted().join() === names.toSorted().join() ? existing : names.join(',');
}
