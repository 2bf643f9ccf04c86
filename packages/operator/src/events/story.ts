import type { KubeObject } from '@pgherd/kube/objects';
import { kinds, type Kind } from '../kinds.ts';
import type { Step } from '../plan/step.ts';

/** Writes events on a manifest's object, for `kubectl describe`. */
export interface Storyteller {
  normal(about: KubeObject, reason: string, message: string): void;
  warning(about: KubeObject, reason: string, message: string): void;
}

const reasons: [Kind, string][] = [
  [kinds.secret, 'Secrets'],
  [kinds.service, 'Services'],
  [kinds.endpoints, 'Endpoints'],
  [kinds.statefulSet, 'StatefulSet'],
  [kinds.podDisruptionBudget, 'PodDisruptionBudget'],
  [kinds.serviceAccount, 'ServiceAccount'],
  [kinds.roleBinding, 'RoleBinding'],
  [kinds.claim, 'Volumes'],
];

/** Reason of the event that tells of a step; Zalando's words where it has one. */
export function reasonOf(step: Step, isDeletion: boolean): string {
  const { action } = step;
  if (isDeletion) return 'Delete';
  switch (action.type) {
    case 'switchover':
      return 'Switchover';
    case 'sql':
      return 'Databases';
    case 'configure':
      return 'PatroniConfiguration';
    case 'restart':
      return 'Restart';
    case 'apply':
    case 'create':
    case 'delete':
    case 'patch':
      return reasons.find(([kind]) => kind === action.kind)?.[1] ?? 'Update';
    default:
      return action satisfies never;
  }
}

/** What an event says of a step that was carried out. The Kubernetes limit of a message is 1024 bytes. */
export function messageOf(step: Step): string {
  return `${step.what}: ${step.why.join('; ')}`.slice(0, 1000);
}
