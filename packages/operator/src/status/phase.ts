import type { PostgresClusterStatus, PostgresqlStatus } from '@pgherd/api';
import type { StatefulSet } from '@pgherd/kube/objects';
import { kinds } from '../kinds.ts';
import { find, type Observed } from '../observe/observed.ts';
import { isAllPostponed } from '../plan/maintenance.ts';
import type { StatusInput } from './status.ts';

/** Whether nothing is left to do before the next maintenance window, and every member does its part. */
export function isComplete(input: StatusInput, streaming: number, primary: string | undefined): boolean {
  if (!isAllPostponed(input.plan) || !isSettled(input.observed)) return false;
  if (input.instances === 0) return input.observed.members.length === 0;
  const { members } = input.observed;
  const allStream = streaming === input.instances && members.length === streaming;
  return primary !== undefined && allStream && members.every(({ ready }) => ready);
}

/** What its controller makes of a StatefulSet that was just written is not known before it has seen it. */
function isSettled(observed: Observed): boolean {
  const set = find(observed, kinds.statefulSet, observed.name) as StatefulSet | undefined;
  return (set?.metadata.generation ?? 0) <= (set?.status?.observedGeneration ?? Infinity);
}

/** Whether the last pass over this very manifest failed: what is tried again now is no news until it succeeds. */
export function failedBefore(previous: PostgresqlStatus, generation: number): boolean {
  const { PostgresClusterStatus: word = '', observedGeneration } = previous;
  return word.endsWith('Failed') && observedGeneration === generation;
}

/**
 * Zalando's one word. A cluster that never ran is being created until it runs. What fails is an update while a changed
 * manifest is not yet in force, and a synchronisation where the cluster ran with this manifest before.
 */
export function phase(
  input: StatusInput,
  streaming: number,
  primary: string | undefined,
): PostgresClusterStatus {
  const { previous, problems, observed, failures } = input;
  if (problems.length > 0) return 'Invalid';
  if (input.isDeleted === true) return failures.length > 0 ? 'UpdateFailed' : 'Updating';
  const isNew =
    neverRan(previous) || (previous.PostgresClusterStatus === 'Invalid' && observed.members.length === 0);
  if (failures.length > 0) {
    if (isNew) return 'CreateFailed';
    return ranBefore(previous, input.generation) ? 'SyncFailed' : 'UpdateFailed';
  }
  if (isComplete(input, streaming, primary)) return 'Running';
  return isNew ? 'Creating' : 'Updating';
}

/** Whether the cluster has not run since its manifest was created. */
export function neverRan({ PostgresClusterStatus: word = '' }: PostgresqlStatus): boolean {
  return ['', 'Creating', 'CreateFailed'].includes(word);
}

function ranBefore(previous: PostgresqlStatus, generation: number): boolean {
  const { PostgresClusterStatus: word = '', observedGeneration } = previous;
  return ['Running', 'SyncFailed'].includes(word) && observedGeneration === generation;
}
