import type { Node, Pod } from '@pgherd/kube/objects';

/** Labels of a namespace by its name; none for one that does not exist. */
export type NamespaceLabels = (name: string) => Record<string, string>;

/** What a place is chosen by: one moment of the cluster. */
export interface Cluster {
  nodes: readonly Node[];
  /** Pods that have a node and have not ended; those that are being deleted still take room. */
  placed: readonly Pod[];
  labelsOf: NamespaceLabels;
}

/** The pods on each node, by its name. */
export function podsByNode({ placed }: Pick<Cluster, 'placed'>): Map<string, Pod[]> {
  const result = new Map<string, Pod[]>();
  for (const pod of placed) {
    const name = pod.spec?.nodeName ?? '';
    const there = result.get(name);
    if (there === undefined) result.set(name, [pod]);
    else there.push(pod);
  }
  return result;
}

/** All of a pod's containers have ended for good: it takes no room any more. */
export function hasEnded({ status }: Pod): boolean {
  return status?.phase === 'Succeeded' || status?.phase === 'Failed';
}

/** The node's name; '' never occurs in a cluster. */
export function nameOf(node: Node): string {
  return node.metadata.name ?? '';
}
