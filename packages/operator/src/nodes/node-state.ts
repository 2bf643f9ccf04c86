import type { Configuration } from '@pgherd/api';
import type { Node, Taint } from '@pgherd/kube/objects';

/** What of a node matters to its pods. */
export interface NodeState {
  name: string;
  labels: Readonly<Record<string, string>>;
  taints: readonly Taint[];
  /** Cordoned: no pod that does not tolerate that is put there. */
  unschedulable: boolean;
  /**
   * Whether its pods are to leave: it is cordoned, and lacks a label of `node_readiness_label` where that is configured.
   * Zalando's rule, with its exception for nodes labelled `master=true`.
   */
  drained: boolean;
  /** The kubelet's word; `Unknown` when nobody has heard of it for a while. A node that nobody looks after is `True`. */
  ready: 'True' | 'False' | 'Unknown';
}

/** The same node with nothing but what `nodeState` reads: what is kept of nodes in memory. */
export function slimNode({ apiVersion, kind, metadata, spec, status }: Node): Node {
  const { name, uid, resourceVersion, labels } = metadata;
  const ready = status?.conditions?.filter(({ type }) => type === 'Ready') ?? [];
  return {
    ...(apiVersion === undefined ? {} : { apiVersion }),
    ...(kind === undefined ? {} : { kind }),
    metadata: {
      ...(name === undefined ? {} : { name }),
      ...(uid === undefined ? {} : { uid }),
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
      ...(labels === undefined ? {} : { labels }),
    },
    spec: {
      ...(spec?.taints === undefined ? {} : { taints: spec.taints }),
      ...(spec?.unschedulable === undefined ? {} : { unschedulable: spec.unschedulable }),
    },
    // Without the time of the last heartbeat.
    status: { conditions: ready.map(({ type, status: word }) => ({ type, status: word })) },
  };
}

/** How a node stands. */
export function nodeState(
  { metadata, spec, status }: Node,
  { node_readiness_label: wanted }: Pick<Configuration, 'node_readiness_label'>,
): NodeState {
  const labels = metadata.labels ?? {};
  const required = Object.entries(wanted);
  const isFit = required.length > 0 && required.every(([key, value]) => labels[key] === value);
  const unschedulable = spec?.unschedulable === true;
  const ready = status?.conditions?.find(({ type }) => type === 'Ready')?.status;
  return {
    name: metadata.name ?? '',
    labels,
    taints: spec?.taints ?? [],
    unschedulable,
    drained: unschedulable && !isFit && labels['master'] !== 'true',
    ready: ready === 'False' || ready === 'Unknown' ? ready : 'True',
  };
}
