import {
  ApiError,
  namespaces,
  nodes,
  persistentVolumeClaims,
  persistentVolumes,
  pods,
  storageClasses,
} from '@pgherd/kube/objects';
import type { Clock, KubeObject, Logger, Pod, ResourceType } from '@pgherd/kube/objects';
import type { Running } from '../controllers/controller.ts';
import { Objects, keyOf, timestamp } from '../controllers/objects.ts';
import { eventRecorder } from '../node/event-recorder.ts';
import { semanticEqual } from '../registry/equal.ts';
import { mirror, type Mirror } from '../registry/mirror.ts';
import type { Registry } from '../registry/registry.ts';
import { choose, nowhere } from './choose.ts';
import { hasEnded, type Cluster } from './cluster.ts';
import { prepareVolumes, storageOf } from './storage.ts';
import { claimsOf, SELECTED_NODE, volumesOn } from './volumes.ts';

/** A pod whose scheduling failed for a passing reason, e.g. a full disk, is tried again after this, milliseconds. */
const RETRY_MS = 1000;

export interface SchedulerOptions {
  registry: Registry;
  clock: Clock;
  log: Logger;
}

/**
 * Gives every pod that waits for a node one, or says in its status and in an event why not. Looks at all that wait, the most
 * important first, whenever something changes that may make room. Pods with another `schedulerName` are left to that one.
 */
export function startScheduler({ registry, clock, log }: SchedulerOptions): Running {
  const objects = new Objects(registry);
  const record = eventRecorder({ registry, clock, log, component: 'default-scheduler', host: '' });
  /** Nodes of pods whose volumes are being made: as if they were there already. */
  const tentative = new Map<string, string>();
  let soon: NodeJS.Immediate | undefined;
  let cancelRetry = (): void => {};
  let stopped = false;

  const wake = (): void => {
    if (stopped) return;
    soon ??= setImmediate(() => {
      soon = undefined;
      pass();
    });
  };

  const pass = (): void => {
    const all = podMirror.objects();
    const waiting = all.filter(wantsNode).sort(byImportance);
    const uids = new Set(waiting.map(({ metadata }) => metadata.uid));
    for (const uid of tentative.keys()) if (!uids.has(uid)) tentative.delete(uid);
    if (waiting.length === 0) return;
    const placed = all.filter((pod) => Boolean(pod.spec?.nodeName) && !hasEnded(pod));
    for (const pod of waiting) {
      const node = tentative.get(pod.metadata.uid ?? '');
      if (node !== undefined) placed.push(onNode(pod, node));
    }
    for (const pod of waiting) {
      try {
        const node = schedule(pod, placed);
        if (node !== undefined) placed.push(onNode(pod, node));
      } catch (error) {
        if (error instanceof ApiError && (error.code === 404 || error.code === 409)) continue;
        const { name, namespace } = pod.metadata;
        log.warn({ err: error, namespace, pod: name }, 'a pod could not be scheduled; trying again');
        cancelRetry();
        cancelRetry = clock.after(RETRY_MS, wake);
      }
    }
  };

  /** Answers the node that it got, or will get once its volumes are there. */
  const schedule = (pod: Pod, placed: readonly Pod[]): string | undefined => {
    const uid = pod.metadata.uid ?? '';
    const before = tentative.get(uid);
    const cluster: Cluster = {
      nodes: nodeMirror.objects().filter(({ metadata }) => metadata.deletionTimestamp === undefined),
      placed: placed.filter(({ metadata }) => metadata.uid !== uid),
      labelsOf: (name) => objects.get(namespaces, undefined, name)?.metadata.labels ?? {},
    };
    const storage = storageOf(objects, pod.metadata.namespace);
    const names = (pod.spec?.volumes ?? []).flatMap(({ persistentVolumeClaim: claim }) =>
      claim === undefined ? [] : [claim.claimName],
    );
    const claims = claimsOf(names, storage);
    tentative.delete(uid);
    if (typeof claims === 'string') {
      refuse(pod, nowhere(cluster.nodes.length, claims));
      return undefined;
    }
    const misfit = (node: Parameters<typeof volumesOn>[0]): string | undefined => {
      const found = volumesOn(node, claims, storage);
      return typeof found === 'string' ? found : undefined;
    };
    const selected = claims.waiting.map(({ claim }) => claim.metadata.annotations?.[SELECTED_NODE]);
    const choice = choose(pod, cluster, misfit, before ?? selected.find((each) => each !== undefined));
    if ('message' in choice) {
      refuse(pod, choice.message);
      return undefined;
    }
    const nodeName = choice.node.metadata.name ?? '';
    if (claims.waiting.length > 0) {
      const chosen = volumesOn(choice.node, claims, storage);
      if (typeof chosen !== 'string') prepareVolumes(objects, claims, chosen, nodeName);
      tentative.set(uid, nodeName);
    } else bind(pod, nodeName);
    return nodeName;
  };

  const bind = (pod: Pod, nodeName: string): void => {
    const { name = '', namespace = '' } = pod.metadata;
    const target = { apiVersion: 'v1', kind: 'Node', name: nodeName };
    const binding = { apiVersion: 'v1', kind: 'Binding', metadata: { name, namespace }, target };
    registry.create(pods, namespace, binding, { subresource: 'binding' });
    record(pod, 'Normal', 'Scheduled', `Successfully assigned ${namespace}/${name} to ${nodeName}`);
  };

  /** `PodScheduled` False with the reason, and an event whenever the reason is a new one. */
  const refuse = (pod: Pod, message: string): void => {
    const current = objects.get(pods, pod.metadata.namespace, pod.metadata.name ?? '');
    if (current === undefined || current.metadata.uid !== pod.metadata.uid) return;
    const conditions = current.status?.conditions ?? [];
    const old = conditions.find((each) => each.type === 'PodScheduled');
    if (old?.status === 'False' && old.message === message) return;
    const condition = {
      type: 'PodScheduled',
      status: 'False',
      reason: 'Unschedulable',
      message,
      lastTransitionTime:
        (old?.status === 'False' ? old.lastTransitionTime : undefined) ?? timestamp(clock.now()),
    };
    const others = conditions.filter((each) => each.type !== 'PodScheduled');
    objects.updateStatus(pods, {
      ...current,
      status: { ...current.status, conditions: [...others, condition] },
    });
    record(pod, 'Warning', 'FailedScheduling', message);
  };

  const follow = <T extends KubeObject>(
    resource: ResourceType<T>,
    changed: (now?: T, before?: T) => void,
  ): Mirror<T> =>
    mirror(registry, resource, clock, changed, (reason) =>
      log.warn({ reason }, `the watch of ${resource.plural} ended: listing them again`),
    );
  const podMirror = follow(pods, (now, before) => {
    if (now === undefined || mayAdmitOthers(before, now)) wake();
  });
  const nodeMirror = follow(nodes, wake);
  const watches = [
    podMirror,
    nodeMirror,
    follow(persistentVolumeClaims, wake),
    follow(persistentVolumes, wake),
    follow(storageClasses, wake),
    follow(namespaces, wake),
  ];
  wake();
  return {
    stop() {
      stopped = true;
      if (soon !== undefined) clearImmediate(soon);
      cancelRetry();
      for (const each of watches) each.close();
      return Promise.resolve();
    },
  };
}

/** Whether it is this scheduler's to find a node for it. */
function wantsNode({ metadata, spec }: Pod): boolean {
  const gates = (spec as { schedulingGates?: unknown[] } | undefined)?.schedulingGates ?? [];
  return (
    !spec?.nodeName &&
    metadata.deletionTimestamp === undefined &&
    (spec?.schedulerName ?? 'default-scheduler') === 'default-scheduler' &&
    gates.length === 0
  );
}

/** By priority; of equally important ones the one that has waited longest. */
export function byImportance(a: Pod, b: Pod): number {
  const older = (pod: Pod): string => `${pod.metadata.creationTimestamp ?? ''} ${keyOf(pod)}`;
  return (b.spec?.priority ?? 0) - (a.spec?.priority ?? 0) || (older(a) < older(b) ? -1 : 1);
}

function onNode(pod: Pod, nodeName: string): Pod {
  return { ...pod, spec: { ...pod.spec, containers: pod.spec?.containers ?? [], nodeName } };
}

/**
 * Whether a pod that waits may have its place after this change of another: it wants one with these labels beside itself,
 * or the room that one leaves.
 *
 * @param before the other pod as it was; undefined for a new one.
 */
export function mayAdmitOthers(before: Pod | undefined, now: Pod): boolean {
  if (before === undefined || hasEnded(before) !== hasEnded(now)) return true;
  if (before.spec?.nodeName !== now.spec?.nodeName) return true;
  if (before.metadata.deletionTimestamp !== now.metadata.deletionTimestamp) return true;
  return !semanticEqual(before.metadata.labels ?? {}, now.metadata.labels ?? {});
}
