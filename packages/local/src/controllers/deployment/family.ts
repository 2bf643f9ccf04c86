import type { Deployment, ReplicaSet } from '@pgherd/kube/objects';
import { semanticEqual } from '../../registry/equal.ts';
import { safeHash } from '../hash.ts';
import { controllerReference } from '../ownership.ts';
import { activeOf, byAge, isRolling, maxSurge, replicasOf, wantedBy } from './amounts.ts';
import { newestAnnotations, revisionOf, withReplicas } from './annotations.ts';

/** Label that tells the pods of one template from those of another. */
export const HASH_LABEL = 'pod-template-hash';

type Template = NonNullable<Deployment['spec']>['template'];

/** The ReplicaSets of a Deployment by what they are to it. */
export interface Family {
  /** Of the present template; absent until it is made. */
  newest: ReplicaSet | undefined;
  /** Of earlier templates, oldest first. */
  old: ReplicaSet[];
}

/** Sorts the sets: several of the same template can only come from outside, then the oldest counts. */
export function familyOf(deployment: Deployment, sets: readonly ReplicaSet[]): Family {
  const sorted = [...sets].sort(byAge);
  const newest = sorted.find((set) => sameTemplate(set.spec?.template, deployment.spec?.template));
  return { newest, old: sorted.filter((set) => set !== newest) };
}

/** All sets of the family. */
export function allOf({ newest, old }: Family): ReplicaSet[] {
  return newest ? [...old, newest] : old;
}

/** Equal but for the hash? */
export function sameTemplate(a: Template | undefined, b: Template | undefined): boolean {
  return semanticEqual(withoutHash(a), withoutHash(b));
}

function withoutHash(template: Template | undefined): unknown {
  const { [HASH_LABEL]: _, ...labels } = template?.metadata?.labels ?? {};
  return { ...template, metadata: { ...template?.metadata, labels } };
}

/** The number that the newest set has to have. */
export function nextRevision({ old }: Family): number {
  return Math.max(0, ...old.map(revisionOf)) + 1;
}

/** The ReplicaSet of the present template, as it is made first. */
export function buildNewest(deployment: Deployment, family: Family, collisionCount: number): ReplicaSet {
  const { name = '', namespace = '' } = deployment.metadata;
  const { template, selector, minReadySeconds } = deployment.spec ?? {};
  const hash = safeHash(template, collisionCount);
  const labels = { ...template?.metadata?.labels, [HASH_LABEL]: hash };
  const set: ReplicaSet = {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name: `${name}-${hash}`,
      namespace,
      labels,
      ownerReferences: [controllerReference('apps/v1', 'Deployment', deployment)],
    },
    spec: {
      replicas: 0,
      ...(minReadySeconds === undefined ? {} : { minReadySeconds }),
      selector: { ...selector, matchLabels: { ...selector?.matchLabels, [HASH_LABEL]: hash } },
      template: { ...template, metadata: { ...template?.metadata, labels } },
    },
  };
  const replicas = newestReplicas(deployment, { newest: set, old: family.old });
  const annotations = newestAnnotations(deployment, set, nextRevision(family));
  const annotated = { ...set, metadata: { ...set.metadata, annotations } };
  return {
    ...set,
    metadata: { ...set.metadata, annotations: withReplicas(deployment, annotated) },
    spec: { ...set.spec, selector: set.spec?.selector ?? {}, replicas },
  };
}

/** How many pods the newest set may have now, without more than the surge allows. */
export function newestReplicas(deployment: Deployment, family: Family): number {
  const wanted = replicasOf(deployment);
  if (!isRolling(deployment) || !family.newest) return wanted;
  const present = replicasOf(family.newest);
  const room = wanted + maxSurge(deployment) - wantedBy(allOf(family));
  return room <= 0 ? present : present + Math.min(room, wanted - present);
}

/** The only set with pods, or the newest when none has any; absent while several have. */
export function activeOrLatest({ newest, old }: Family): ReplicaSet | undefined {
  const active = activeOf(newest ? [...old, newest] : old);
  if (active.length === 0) return newest ?? old.at(-1);
  return active.length === 1 ? active[0] : undefined;
}

/** The old sets beyond `spec.revisionHistoryLimit`, as far as nothing of them is left. */
export function surplus(deployment: Deployment, old: readonly ReplicaSet[]): ReplicaSet[] {
  const limit = deployment.spec?.revisionHistoryLimit ?? UNLIMITED;
  if (limit === UNLIMITED) return [];
  const alive = old.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  const excess = Math.max(0, alive.length - limit);
  return alive
    .sort((a, b) => revisionOf(a) - revisionOf(b) || byAge(a, b))
    .slice(0, excess)
    .filter(
      (set) =>
        replicasOf(set) === 0 &&
        (set.status?.replicas ?? 0) === 0 &&
        (set.metadata.generation ?? 0) <= (set.status?.observedGeneration ?? 0),
    );
}

/** The highest 32-bit number stands for "no limit", here and for deadlines. */
export const UNLIMITED = 2_147_483_647;
