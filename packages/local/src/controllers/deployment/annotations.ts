import type { Deployment, ReplicaSet } from '@pgherd/kube/objects';
import { maxSurge, replicasOf } from './amounts.ts';

/** Number of the template, on the Deployment and on its ReplicaSets; `kubectl rollout undo` goes by it. */
export const REVISION = 'deployment.kubernetes.io/revision';
/** Earlier numbers of a template that came back, separated by commas. */
const HISTORY = 'deployment.kubernetes.io/revision-history';
/** Pods that the Deployment wanted when the set was scaled last; another number now means: it was scaled. */
const DESIRED = 'deployment.kubernetes.io/desired-replicas';
/** The same with the surge: what proportions are reckoned from. */
const MAXIMUM = 'deployment.kubernetes.io/max-replicas';
const HISTORY_LENGTH = 2000;

const own = new Set([
  'kubectl.kubernetes.io/last-applied-configuration',
  REVISION,
  HISTORY,
  DESIRED,
  MAXIMUM,
  'deprecated.deployment.rollback.to',
]);

/** The set's number; 0 when it has none. */
export function revisionOf(set: ReplicaSet): number {
  return Number.parseInt(set.metadata.annotations?.[REVISION] ?? '', 10) || 0;
}

/** Pods that the Deployment wanted when the set was scaled last. */
export function desiredOf(set: ReplicaSet): number | undefined {
  return numberIn(set, DESIRED);
}

/** The same with the surge. */
export function maximumOf(set: ReplicaSet): number | undefined {
  return numberIn(set, MAXIMUM);
}

/** A set's annotations with the present numbers of its Deployment. */
export function withReplicas(deployment: Deployment, set: ReplicaSet): Record<string, string> {
  const replicas = replicasOf(deployment);
  return {
    ...set.metadata.annotations,
    [DESIRED]: String(replicas),
    [MAXIMUM]: String(replicas + maxSurge(deployment)),
  };
}

/** The annotations of the set that is the newest: those of the Deployment, and a number above all others. */
export function newestAnnotations(
  deployment: Deployment,
  set: ReplicaSet,
  revision: number,
): Record<string, string> {
  const annotations: Record<string, string> = { ...set.metadata.annotations };
  for (const [key, value] of Object.entries(deployment.metadata.annotations ?? {})) {
    if (!own.has(key)) annotations[key] = value;
  }
  const before = annotations[REVISION] ?? '';
  if ((Number.parseInt(before, 10) || 0) >= revision) return annotations;
  annotations[REVISION] = String(revision);
  if (before === '') return annotations;
  const past = [...(annotations[HISTORY] ?? '').split(','), before].filter((number) => number !== '');
  while (past.join(',').length > HISTORY_LENGTH) past.shift();
  annotations[HISTORY] = past.join(',');
  return annotations;
}

function numberIn(set: ReplicaSet, key: string): number | undefined {
  const text = set.metadata.annotations?.[key] ?? '';
  return /^\d+$/.test(text) ? Number(text) : undefined;
}
