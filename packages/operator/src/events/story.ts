import { persistentVolumes, type KubeObject } from '@pgherd/kube/objects';
import { kinds, type Kind } from '../kinds.ts';
import type { StepReport } from '../execute/executor.ts';
import { missing } from '../plan/objects.ts';
import type { Step } from '../plan/step.ts';

/** Writes events on a manifest's object, for `kubectl describe`. */
export interface Storyteller {
  normal(about: KubeObject, reason: string, message: string): void;
  warning(about: KubeObject, reason: string, message: string): void;
}

const reasons: [Kind, string][] = [
  [persistentVolumes, 'Volumes'],
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
    case 'rebuild':
      return 'Rebuild';
    case 'disk':
    case 'file-system':
      return 'Volumes';
    case 'restart':
      return 'Update';
    case 'apply':
    case 'create':
    case 'delete':
    case 'patch':
      return reasons.find(([kind]) => kind === action.kind)?.[1] ?? 'Update';
    default:
      return action satisfies never;
  }
}

/** What an event says of a step. The Kubernetes limit of a message is 1024 bytes. */
export function messageOf(step: Step, notes: string[] = []): string {
  // That something is made because it is missing needs no words.
  const reasons = step.why.filter((reason) => reason !== missing);
  // What came of most steps tells more than why they were done.
  const areBothTold = step.action.type === 'delete' || step.drain !== undefined;
  const why = notes.length === 0 ? reasons : areBothTold ? [...reasons, ...notes] : notes;
  return (why.length === 0 ? step.what : `${step.what}: ${why.join('; ')}`).slice(0, 1000);
}

/** A line for each step that is worth telling, in the order in which they were done. */
export function newsOf(done: { step: Step; report: StepReport }[]): string[] {
  return done.filter(isNews).map(({ step, report }) => messageOf(step, report.notes));
}

/** Looking into the database, or after a restart, is no news unless something was done there. */
function isNews({ step, report }: { step: Step; report: StepReport }): boolean {
  return !['sql', 'restart'].includes(step.action.type) || report.notes.length > 0;
}

/** The steps of a pass as few events: those with the same reason in one. */
export function storyOf(done: { step: Step; report: StepReport }[]): { reason: string; message: string }[] {
  const told = new Map<string, string[]>();
  for (const { step, report } of done.filter(isNews)) {
    const reason = reasonOf(step, false);
    told.set(reason, [...(told.get(reason) ?? []), messageOf(step, report.notes)]);
  }
  return [...told].map(([reason, messages]) => ({ reason, message: messages.join(', ').slice(0, 1000) }));
}
