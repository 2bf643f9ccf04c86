import type { ClusterRole } from './cluster-role.ts';
import { clusterRoles } from './cluster-roles.ts';
import type { RoleInput } from './role-input.ts';

/** A role that has a Secret. */
export type SecretRole = ClusterRole & Required<Pick<ClusterRole, 'secret'>>;

/** All roles of the cluster that have Secrets, in a fixed order. */
export function secretRoles(input: RoleInput): SecretRole[] {
  return clusterRoles(input).roles.filter((role): role is SecretRole => role.secret !== undefined);
}
