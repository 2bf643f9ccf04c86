import type { KubeObject } from '@pgherd/kube/objects';

/** Current objects of one resource, by namespace. */
export class ResourceState {
  readonly #namespaces = new Map<string, { objects: Map<string, KubeObject>; sorted?: KubeObject[] }>();
  #all: KubeObject[] | undefined;

  get(namespace: string, name: string): KubeObject | undefined {
    return this.#namespaces.get(namespace)?.objects.get(name);
  }

  set(namespace: string, name: string, object: KubeObject): void {
    let entry = this.#namespaces.get(namespace);
    if (!entry) this.#namespaces.set(namespace, (entry = { objects: new Map() }));
    entry.objects.set(name, object);
    delete entry.sorted;
    this.#all = undefined;
  }

  delete(namespace: string, name: string): void {
    const entry = this.#namespaces.get(namespace);
    if (!entry) return;
    entry.objects.delete(name);
    delete entry.sorted;
    this.#all = undefined;
    if (entry.objects.size === 0) this.#namespaces.delete(namespace);
  }

  list(namespace: string | undefined): readonly KubeObject[] {
    if (namespace === undefined) return (this.#all ??= this.#listAll());
    const entry = this.#namespaces.get(namespace);
    if (!entry) return [];
    entry.sorted ??= [...entry.objects]
      .map(([key, value]) => ({ key, value }))
      .sort(byKey)
      .map((e) => e.value);
    return entry.sorted;
  }

  #listAll(): KubeObject[] {
    // etcd's order is that of the whole key, so that `a-b/…` comes before `a/…`.
    const names = [...this.#namespaces.keys()].map((ns) => ({ key: `${ns}/`, ns })).sort(byKey);
    return names.flatMap(({ ns }) => this.list(ns));
  }
}

/** Order of keys as etcd has it: of the bytes, not of a language. */
export function byKey(a: { key: string }, b: { key: string }): number {
  return a.key < b.key ? -1 : a.key > b.key ? 1 : 0;
}
