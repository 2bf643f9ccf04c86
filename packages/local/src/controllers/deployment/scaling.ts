import type { Deployment, ReplicaSet } from '@pgherd/kube/objects';
import {
  activeOf,
  availableIn,
  byAge,
  isRolling,
  maxSurge,
  maxUnavailable,
  replicasOf,
  wantedBy,
} from './amounts.ts';
import { desiredOf, maximumOf } from './annotations.ts';
import { activeOrLatest, allOf, newestReplicas } from './family.ts';
import type { Family } from './family.ts';

/** A set and the number of pods that it shall have. */
export interface Step {
  set: ReplicaSet;
  replicas: number;
}

/** Was the Deployment scaled since its sets were? */
export function isScaled(deployment: Deployment, family: Family): boolean {
  return activeOf(allOf(family)).some((set) => {
    const desired = desiredOf(set);
    return desired !== undefined && desired !== replicasOf(deployment);
  });
}

/**
 * The Deployment was scaled, or is paused: every set keeps its share.
 * https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#proportional-scaling
 */
export function planScaling(deployment: Deployment, family: Family): Step[] {
  const wanted = replicasOf(deployment);
  const single = activeOrLatest(family);
  if (single) return [{ set: single, replicas: wanted }];
  const { newest, old } = family;
  if (newest && isSaturated(deployment, newest)) {
    return steps(activeOf(old).map((set) => ({ set, replicas: 0 })));
  }
  if (!isRolling(deployment)) return [];
  const active = activeOf(allOf(family));
  const add = (wanted > 0 ? wanted + maxSurge(deployment) : 0) - wantedBy(active);
  // The largest first; of the same size the newest when there is more to have, the oldest when there is less.
  active.sort((a, b) => replicasOf(b) - replicasOf(a) || (add > 0 ? byAge(b, a) : byAge(a, b)));
  let added = 0;
  const shares = active.map((set): Step => {
    const share = shareOf(deployment, set, add, added);
    added += share;
    return { set, replicas: replicasOf(set) + share };
  });
  const [largest] = shares;
  // What rounding has left over.
  if (largest) largest.replicas = Math.max(0, largest.replicas + add - added);
  // Also those that keep their number: their annotations tell what they were reckoned from.
  return shares;
}

/** How the set's share of the change: in proportion to its size, and no more than is left. */
function shareOf(deployment: Deployment, set: ReplicaSet, add: number, added: number): number {
  if (replicasOf(set) === 0 || add === 0 || add === added) return 0;
  const share = fractionOf(deployment, set);
  return add > 0 ? Math.min(share, add - added) : Math.max(share, add - added);
}

function fractionOf(deployment: Deployment, set: ReplicaSet): number {
  const size = replicasOf(set);
  if (replicasOf(deployment) === 0) return -size;
  const before = maximumOf(set) ?? deployment.status?.replicas ?? 0;
  if (before === 0) return 0;
  const exact = (size * (replicasOf(deployment) + maxSurge(deployment))) / before;
  return Math.floor(exact + 0.5) - size;
}

function isSaturated(deployment: Deployment, set: ReplicaSet): boolean {
  const wanted = replicasOf(deployment);
  return (
    replicasOf(set) === wanted && desiredOf(set) === wanted && (set.status?.availableReplicas ?? 0) === wanted
  );
}

/** RollingUpdate: the newest set grows as far as the surge allows. Empty: nothing to do. */
export function growNewest(deployment: Deployment, { newest, old }: Family): Step[] {
  if (!newest) return [];
  const wanted = replicasOf(deployment);
  const replicas = replicasOf(newest) > wanted ? wanted : newestReplicas(deployment, { newest, old });
  return steps([{ set: newest, replicas }]);
}

/** RollingUpdate: old sets shrink as far as enough stay available; first those pods that are not well anyway. */
export function shrinkOld(deployment: Deployment, family: Family): Step[] {
  const { newest, old } = family;
  if (wantedBy(old) === 0) return [];
  const minAvailable = replicasOf(deployment) - maxUnavailable(deployment);
  const newUnavailable = newest ? replicasOf(newest) - (newest.status?.availableReplicas ?? 0) : 0;
  const mayGo = wantedBy(allOf(family)) - minAvailable - newUnavailable;
  if (mayGo <= 0) return [];
  const sizes = new Map(activeOf(old).map((set) => [set, replicasOf(set)]));
  let gone = 0;
  for (const [set, size] of sizes) {
    const ill = Math.min(Math.max(0, mayGo - gone), size - (set.status?.availableReplicas ?? 0));
    if (ill <= 0) continue;
    sizes.set(set, size - ill);
    gone += ill;
  }
  let spare = availableIn(allOf(family)) - minAvailable;
  for (const [set, size] of sizes) {
    const well = Math.min(size, Math.max(0, spare));
    sizes.set(set, size - well);
    spare -= well;
  }
  return steps([...sizes].map(([set, replicas]) => ({ set, replicas })));
}

/** Recreate: all old ones go first. */
export function emptyOld({ old }: Family): Step[] {
  return steps(activeOf(old).map((set) => ({ set, replicas: 0 })));
}

function steps(all: Step[]): Step[] {
  return all.filter(({ set, replicas }) => replicasOf(set) !== replicas);
}
