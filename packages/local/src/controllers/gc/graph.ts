import type { KubeObject, OwnerReference, Resource } from '@pgherd/kube/objects';

/** What the garbage collector remembers of an object. */
export interface Node {
  uid: string;
  resource: Resource;
  namespace: string | undefined;
  name: string;
  owners: OwnerReference[];
  /** What its deletion waits for; absent while it is not being deleted. */
  deleting?: string[];
}

/** Who is whose: all objects by uid, and the dependents of each owner, existing or not. */
export class Graph {
  readonly #nodes = new Map<string, Node>();
  readonly #dependents = new Map<string, Set<string>>();

  get(uid: string): Node | undefined {
    return this.#nodes.get(uid);
  }

  /** Uids of all that name this owner. */
  dependents(ownerUid: string): string[] {
    return [...(this.#dependents.get(ownerUid) ?? [])];
  }

  /** Answers whether anything changed that concerns garbage collection. */
  put(resource: Resource, { metadata }: KubeObject): boolean {
    const uid = metadata.uid ?? '';
    const node: Node = {
      uid,
      resource,
      namespace: metadata.namespace,
      name: metadata.name ?? '',
      owners: metadata.ownerReferences ?? [],
      ...(metadata.deletionTimestamp === undefined ? {} : { deleting: metadata.finalizers ?? [] }),
    };
    const old = this.#nodes.get(uid);
    if (old && JSON.stringify(old) === JSON.stringify(node)) return false;
    this.remove(uid);
    this.#nodes.set(uid, node);
    for (const owner of node.owners) {
      const dependents = this.#dependents.get(owner.uid) ?? new Set<string>();
      this.#dependents.set(owner.uid, dependents.add(uid));
    }
    return true;
  }

  remove(uid: string): void {
    for (const owner of this.#nodes.get(uid)?.owners ?? []) {
      const dependents = this.#dependents.get(owner.uid);
      dependents?.delete(uid);
      if (dependents?.size === 0) this.#dependents.delete(owner.uid);
    }
    this.#nodes.delete(uid);
  }
}
