import {
  ApiError,
  namespaces,
  nodes,
  persistentVolumeClaims,
  persistentVolumes,
  pods,
  storageClasses,
} from '@pgherd/kube/objects';
import type { Clock, Logger, Node, Pod } from '@pgherd/kube/objects';
import { semanticEqual } from '../registry/equal.ts';
import type { Registry } from '../registry/registry.ts';
import type { RecordEvent } from './event-recorder.ts';
import { matchesTerms, misfit } from './node-selector.ts';
import { findObject } from './object-source.ts';
import { amountOf } from './quantity.ts';
import { toSeconds } from './status.ts';

/** Tells the provisioner of a `WaitForFirstConsumer` class where the pod will run. */
const SELECTED_NODE = 'volume.kubernetes.io/selected-node';

export interface SchedulerOptions {
  registry: Registry;
  nodeName: string;
  clock: Clock;
  log: Logger;
  record: RecordEvent;
}

/**
 * Binds the pod to the node if it fits there; otherwise says in its status and in an event why not. Safe to call
 * at any time for any pod. Pods with another `schedulerName` are left to that scheduler.
 */
export function schedule(pod: Pod, options: SchedulerOptions): void {
  const { registry, nodeName, record, log } = options;
  const { name = '', namespace } = pod.metadata;
  if (pod.spec?.nodeName || pod.metadata.deletionTimestamp !== undefined) return;
  if ((pod.spec?.schedulerName ?? 'default-scheduler') !== 'default-scheduler') return;
  if (((pod.spec as { schedulingGates?: unknown[] }).schedulingGates ?? []).length > 0) return;
  try {
    const verdict = judge(pod, options);
    if (verdict.kind === 'wait') return;
    if (verdict.kind === 'no') return refuse(pod, verdict.message, options);
    const target = { apiVersion: 'v1', kind: 'Node', name: nodeName };
    const binding = {
      apiVersion: 'v1',
      kind: 'Binding',
      metadata: { name, namespace: namespace ?? '' },
      target,
    };
    registry.create(pods, namespace, binding, { subresource: 'binding' });
    record(pod, 'Normal', 'Scheduled', `Successfully assigned ${namespace}/${name} to ${nodeName}`);
  } catch (error) {
    if (error instanceof ApiError && (error.code === 404 || error.code === 409)) return;
    log.warn({ err: error, namespace, pod: name }, 'a pod could not be scheduled');
  }
}

/**
 * Whether a pod that waits may have its place after this change of another: it wants one with these labels beside itself,
 * or the room that an ended one has left.
 *
 * @param before the other pod as it was; undefined when it has just been placed.
 */
export function mayAdmitOthers(before: Pod | undefined, now: Pod): boolean {
  if (before === undefined || hasEnded(before) !== hasEnded(now)) return true;
  return !semanticEqual(before.metadata.labels ?? {}, now.metadata.labels ?? {});
}

function hasEnded({ status }: Pod): boolean {
  return status?.phase === 'Succeeded' || status?.phase === 'Failed';
}

type Verdict = { kind: 'yes' } | { kind: 'wait' } | { kind: 'no'; message: string };

function judge(pod: Pod, { registry, nodeName }: SchedulerOptions): Verdict {
  const node = findObject(registry, nodes, undefined, nodeName);
  if (node === undefined) return no('no nodes available to schedule pods', '0/0');
  const placed = (registry.list(pods).items as unknown as Pod[]).filter(
    (other) => other.spec?.nodeName === nodeName && !hasEnded(other),
  );
  const labelsOf = (name: string): Record<string, string> =>
    findObject(registry, namespaces, undefined, name)?.metadata.labels ?? {};
  const reason = misfit(pod, node, placed, labelsOf) ?? resourceMisfit(pod, node, placed);
  if (reason !== undefined) return no(`1 ${reason}`);
  return claimsVerdict(pod, node, registry);
}

function no(reason: string, count = '0/1'): Verdict {
  return { kind: 'no', message: `${count} nodes are available: ${reason}.` };
}

/** Requests of the pod must fit beside those of the pods that are there already. */
export function resourceMisfit(pod: Pod, node: Node, placed: readonly Pod[]): string | undefined {
  for (const resource of resourcesOf(pod)) {
    const wanted = requestOf(pod, resource);
    if (wanted === 0) continue;
    // What the node does not offer at all, e.g. huge pages or a device, is there in the amount of none.
    const allocatable = node.status?.allocatable?.[resource] ?? '0';
    const taken = placed.reduce((sum, other) => sum + requestOf(other, resource), 0);
    if (taken + wanted > amountOf(allocatable)) return `Insufficient ${resource}`;
  }
  if (placed.length + 1 > Number(node.status?.allocatable?.['pods'] ?? Number.POSITIVE_INFINITY))
    return 'Too many pods';
  return undefined;
}

function resourcesOf(pod: Pod): Set<string> {
  const all = [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])];
  return new Set(
    all.flatMap(({ resources }) =>
      Object.keys({ ...resources?.requests, ...resources?.limits }).filter(
        // Room on the disk is not accounted for.
        (name) => name !== 'ephemeral-storage',
      ),
    ),
  );
}

function requestOf(pod: Pod, resource: string): number {
  const of = (container: {
    resources?: { requests?: Record<string, string>; limits?: Record<string, string> };
  }): number =>
    amountOf(container.resources?.requests?.[resource] ?? container.resources?.limits?.[resource] ?? '0');
  const apps = (pod.spec?.containers ?? []).reduce((sum, each) => sum + of(each), 0);
  return Math.max(apps, ...(pod.spec?.initContainers ?? []).map(of));
}

/** Claims must exist and be bound; those of a waiting class are told that their node is found. */
function claimsVerdict(pod: Pod, node: Node, registry: Registry): Verdict {
  let verdict: Verdict = { kind: 'yes' };
  for (const volume of pod.spec?.volumes ?? []) {
    const claimName = volume.persistentVolumeClaim?.claimName;
    if (claimName === undefined) continue;
    const namespace = pod.metadata.namespace;
    const claim = findObject(registry, persistentVolumeClaims, namespace, claimName);
    if (claim === undefined) return no(`persistentvolumeclaim "${claimName}" not found`);
    if (claim.metadata.deletionTimestamp !== undefined) {
      return no(`persistentvolumeclaim "${claimName}" is being deleted`);
    }
    if (claim.status?.phase === 'Lost')
      return no(
        `persistentvolumeclaim "${claimName}" bound to non-existent persistentvolume "${claim.spec?.volumeName ?? ''}"`,
      );
    if (claim.status?.phase === 'Bound') {
      const bound = findObject(registry, persistentVolumes, undefined, claim.spec?.volumeName ?? '');
      const terms = bound?.spec?.nodeAffinity?.required?.nodeSelectorTerms;
      if (terms !== undefined && !matchesTerms(terms, node))
        return no('1 node(s) had volume node affinity conflict');
      continue;
    }
    const className = claim.spec?.storageClassName ?? '';
    const storageClass = findObject(registry, storageClasses, undefined, className);
    if (storageClass?.volumeBindingMode !== 'WaitForFirstConsumer') {
      return no('pod has unbound immediate PersistentVolumeClaims');
    }
    verdict = { kind: 'wait' };
    if (claim.metadata.annotations?.[SELECTED_NODE] === node.metadata.name) continue;
    const annotations = { [SELECTED_NODE]: node.metadata.name };
    const patch = { metadata: { annotations } };
    registry.patch(persistentVolumeClaims, namespace, claimName, 'application/merge-patch+json', patch);
  }
  return verdict;
}

/** `PodScheduled` False with the reason, and an event whenever the reason is a new one. */
function refuse(pod: Pod, message: string, { registry, clock, record }: SchedulerOptions): void {
  const { name = '', namespace } = pod.metadata;
  const old = pod.status?.conditions?.find((each) => each.type === 'PodScheduled');
  if (old?.status === 'False' && old.message === message) return;
  const others = (pod.status?.conditions ?? []).filter((each) => each.type !== 'PodScheduled');
  const condition = {
    type: 'PodScheduled',
    status: 'False',
    reason: 'Unschedulable',
    message,
    lastTransitionTime: old?.status === 'False' ? old.lastTransitionTime : toSeconds(clock.now()),
  };
  const next = { ...structuredClone(pod), status: { ...pod.status, conditions: [...others, condition] } };
  registry.update(pods, namespace, name, next, { subresource: 'status' });
  record(pod, 'Warning', 'FailedScheduling', message);
}
