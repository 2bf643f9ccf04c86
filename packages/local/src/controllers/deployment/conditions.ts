import type { Deployment } from '@pgherd/kube/objects';
import { timestamp } from '../objects.ts';
import { UNLIMITED } from './family.ts';

/** One entry of `status.conditions`. */
export type Condition = NonNullable<NonNullable<Deployment['status']>['conditions']>[number];

/** What a condition says, without its times. */
export type Said = Pick<Condition, 'type' | 'status' | 'reason' | 'message'>;

/** The condition of this type. */
export function conditionOf(
  conditions: readonly Condition[] | undefined,
  type: string,
): Condition | undefined {
  return conditions?.find((condition) => condition.type === type);
}

/**
 * The conditions with this one. One of the same status and reason stays as it is; the time of the last transition
 * moves with the status alone. `now` in milliseconds since 1970.
 */
export function withCondition(conditions: readonly Condition[], said: Said, now: number): Condition[] {
  const present = conditionOf(conditions, said.type);
  if (present?.status === said.status && present?.reason === said.reason) return [...conditions];
  return renewed(conditions, said, now);
}

/** The same, but the time of the last update moves in any case. */
export function renewed(conditions: readonly Condition[], said: Said, now: number): Condition[] {
  const present = conditionOf(conditions, said.type);
  const time = timestamp(now);
  const lastTransitionTime =
    (present?.status === said.status ? present.lastTransitionTime : undefined) ?? time;
  return [...without(conditions, said.type), { ...said, lastUpdateTime: time, lastTransitionTime }];
}

/** The conditions but those of this type. */
export function without(conditions: readonly Condition[], type: string): Condition[] {
  return conditions.filter((condition) => condition.type !== type);
}

/** Does somebody want to know when it gets stuck? */
export function hasDeadline({ spec }: Deployment): boolean {
  const seconds = spec?.progressDeadlineSeconds;
  return seconds !== undefined && seconds !== UNLIMITED;
}

/** What pausing and resuming say of the progress: nothing is expected meanwhile. `undefined`: nothing new. */
export function pauseCondition(deployment: Deployment): Said | undefined {
  const progress = conditionOf(deployment.status?.conditions, 'Progressing');
  if (!hasDeadline(deployment) || progress?.reason === 'ProgressDeadlineExceeded') return undefined;
  const told = progress?.reason === 'DeploymentPaused';
  const paused = deployment.spec?.paused === true;
  if (paused === told) return undefined;
  return {
    type: 'Progressing',
    status: 'Unknown',
    reason: paused ? 'DeploymentPaused' : 'DeploymentResumed',
    message: paused ? 'Deployment is paused' : 'Deployment is resumed',
  };
}
