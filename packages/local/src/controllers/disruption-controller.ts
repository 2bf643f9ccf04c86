import {
  deployments,
  podDisruptionBudgets,
  pods as podResource,
  replicaSets,
  statefulSets,
} from '@pgherd/kube/objects';
import type {
  Clock,
  KubeObject,
  LabelSelector,
  OwnerReference,
  Pod,
  PodDisruptionBudget,
  Resource,
} from '@pgherd/kube/objects';
import { done } from '@pgherd/kube/queue';
import { matchesLabelSelector } from '../registry/selectors.ts';
import type { Controller } from './controller.ts';
import { Objects, controllerOf, keyOf, sameJson, splitKey, timestamp } from './objects.ts';
import { SelectorIndex } from './selector-index.ts';
import { isFinished, isHealthy } from './statefulset/pod-state.ts';

/** Counts for each PodDisruptionBudget how many of its pods may be evicted. */
export function disruptionController(objects: Objects, clock: Clock): Controller {
  const selectors = new SelectorIndex((budget) => {
    const { selector } = (budget as PodDisruptionBudget).spec ?? {};
    return selector && (selector.matchLabels ?? {});
  });
  const budgetsOf = (pod: Pod): string[] =>
    selectors.candidates(pod.metadata.namespace, pod.metadata.labels).filter((key) => {
      const budget = objects.get(podDisruptionBudgets, ...splitKey(key));
      return budget !== undefined && covers(budget, pod);
    });
  return {
    name: 'disruption',
    interests: [
      {
        resource: podDisruptionBudgets,
        see: (budget, isGone) => selectors.see(budget, isGone),
        keys: (budget) => [keyOf(budget)],
      },
      { resource: podResource, ignoresAnnotations: true, keys: (pod) => budgetsOf(pod as Pod) },
      // How many pods there should be counts only for budgets that cover some that there are.
      ...[statefulSets, deployments, replicaSets].map((resource: Resource) => ({
        resource,
        keys: (owner: KubeObject) => podsOf(objects, owner).flatMap(budgetsOf),
      })),
    ],
    reconcile(key) {
      const [namespace, name] = splitKey(key);
      const budget = objects.get(podDisruptionBudgets, namespace, name);
      if (!budget) return done;
      const labels = budget.spec?.selector?.matchLabels ?? {};
      const pods = objects
        .list(podResource, namespace, { labels })
        .filter((pod) => covers(budget, pod) && !isFinished(pod));
      const counts = countsOf(budget, pods, expectedPods(objects, pods));
      const present = budget.status?.conditions?.find(({ type }) => type === 'DisruptionAllowed');
      const conditionStatus = counts.disruptionsAllowed > 0 ? 'True' : 'False';
      const condition = {
        type: 'DisruptionAllowed',
        status: conditionStatus,
        reason: counts.disruptionsAllowed > 0 ? 'SufficientPods' : 'InsufficientPods',
        message: '',
        observedGeneration: budget.metadata.generation ?? 0,
        lastTransitionTime:
          present?.status === conditionStatus ? present.lastTransitionTime : timestamp(clock.now()),
      };
      // Evictions that the server has let through count until their pod is seen to go.
      const living = new Set(
        pods.filter((p) => !p.metadata.deletionTimestamp).map(({ metadata }) => metadata.name),
      );
      const disruptedPods = Object.fromEntries(
        Object.entries(budget.status?.disruptedPods ?? {}).filter(([pod]) => living.has(pod)),
      );
      const status = {
        ...counts,
        ...(Object.keys(disruptedPods).length > 0 ? { disruptedPods } : {}),
        observedGeneration: budget.metadata.generation ?? 0,
        conditions: [condition],
      };
      if (!sameJson(status, budget.status)) objects.updateStatus(podDisruptionBudgets, { ...budget, status });
      return done;
    },
  };
}

/** The pods that the selector of a workload selects. */
function podsOf(objects: Objects, owner: KubeObject): Pod[] {
  const { selector } = (owner as { spec?: { selector?: LabelSelector } }).spec ?? {};
  if (selector === undefined) return [];
  const labels = selector.matchLabels ?? {};
  return objects
    .list(podResource, owner.metadata.namespace ?? '', { labels })
    .filter((pod) => matchesLabelSelector(selector, pod.metadata.labels ?? {}));
}

/** policy/v1: an empty selector selects all pods of the namespace, a missing one none. */
function covers(budget: PodDisruptionBudget, pod: Pod): boolean {
  const { selector } = budget.spec ?? {};
  return selector !== undefined && matchesLabelSelector(selector, pod.metadata.labels ?? {});
}

/** The pods that the controllers of these want, and those without controller. */
function expectedPods(objects: Objects, pods: Pod[]): number {
  const controllers = new Map<string, number>();
  let single = 0;
  for (const pod of pods) {
    const scale = scaleOf(objects, pod.metadata.namespace ?? '', controllerOf(pod));
    if (scale) controllers.set(scale.uid, scale.replicas);
    else single++;
  }
  return [...controllers.values()].reduce((sum, replicas) => sum + replicas, single);
}

/** The one that says how many pods there are to be: of a ReplicaSet its Deployment, if it has one. */
function scaleOf(
  objects: Objects,
  namespace: string,
  owner: OwnerReference | undefined,
): { uid: string; replicas: number } | undefined {
  const resource = owner?.kind === 'StatefulSet' ? statefulSets : replicaSets;
  if (!owner || (owner.kind !== 'StatefulSet' && owner.kind !== 'ReplicaSet')) return undefined;
  const set = objects.get<KubeObject & { spec?: { replicas?: number } }>(resource, namespace, owner.name);
  if (!set || set.metadata.uid !== owner.uid) return undefined;
  const above = controllerOf(set);
  const deployment =
    above?.kind === 'Deployment' ? objects.get(deployments, namespace, above.name) : undefined;
  const decisive = deployment && deployment.metadata.uid === above?.uid ? deployment : set;
  return { uid: decisive.metadata.uid ?? '', replicas: decisive.spec?.replicas ?? 1 };
}

/** The numbers of https://kubernetes.io/docs/tasks/run-application/configure-pdb/; percentages are rounded up. */
export function countsOf(
  budget: PodDisruptionBudget,
  pods: Pod[],
  scale: number,
): { currentHealthy: number; desiredHealthy: number; expectedPods: number; disruptionsAllowed: number } {
  const { minAvailable, maxUnavailable } = budget.spec ?? {};
  const currentHealthy = pods.filter(isHealthy).length;
  let expected = pods.length;
  let desiredHealthy = 0;
  if (maxUnavailable !== undefined) {
    expected = scale;
    desiredHealthy = Math.max(0, expected - scaled(maxUnavailable, expected));
  } else if (typeof minAvailable === 'string') {
    expected = scale;
    desiredHealthy = scaled(minAvailable, expected);
  } else if (minAvailable !== undefined) desiredHealthy = minAvailable;
  const disruptionsAllowed = expected > 0 ? Math.max(0, currentHealthy - desiredHealthy) : 0;
  return { currentHealthy, desiredHealthy, expectedPods: expected, disruptionsAllowed };
}

function scaled(value: number | string, total: number): number {
  if (typeof value === 'number') return value;
  return value.endsWith('%')
    ? Math.ceil((Number.parseInt(value, 10) * total) / 100)
    : Number.parseInt(value, 10);
}
