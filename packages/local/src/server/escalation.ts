import type { KubeObject } from '@pgherd/kube/objects';
import { semanticEqual } from '../registry/equal.ts';
import type { ResourceDefinition } from '../registry/index.ts';
import type { User } from '../registry/registry.ts';
import type { ApiServerOptions } from './server-options.ts';

/** The fields that hand out rights, by kind. */
const granting = ['rules', 'aggregationRule', 'roleRef', 'subjects'];

/** Nobody gets to hand out rights that he has not, by writing a role or a binding. */
export function escalationCheck(
  options: ApiServerOptions,
): (definition: ResourceDefinition, next: KubeObject, old: KubeObject | undefined, user: User) => void {
  return (definition, next, old, user) => {
    if (definition.group !== 'rbac.authorization.k8s.io') return;
    if (old && granting.every((field) => semanticEqual(next[field], old[field]))) return;
    options.authorizer.checkEscalation?.(user, definition.kind, next.metadata.namespace, next);
  };
}
