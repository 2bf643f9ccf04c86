import type { KubeObject } from '@pgherd/kube/objects';

/** What the objects of a list must have in common; without looking at all the others. */
export interface Narrowing {
  /** Labels that each has. */
  labels?: Readonly<Record<string, string>>;
  /** The name: one object at most. */
  name?: string;
  /** How the name of each begins. */
  namePrefix?: string;
}

/** Current objects of one resource, by namespace. */
export class ResourceState {
  readonly #namespaces = new Map<string, NamespaceState>();
  #all: KubeObject[] | undefined;

  get(namespace: string, name: string): KubeObject | undefined {
    return this.#namespaces.get(namespace)?.get(name);
  }

  set(namespace: string, name: string, object: KubeObject): void {
    let entry = this.#namespaces.get(namespace);
    if (!entry) this.#namespaces.set(namespace, (entry = new NamespaceState()));
    entry.set(name, object);
    this.#all = undefined;
  }

  delete(namespace: string, name: string): void {
    const entry = this.#namespaces.get(namespace);
    if (!entry) return;
    entry.delete(name);
    this.#all = undefined;
    if (entry.isEmpty) this.#namespaces.delete(namespace);
  }

  list(namespace: string | undefined, narrowing: Narrowing = {}): readonly KubeObject[] {
    if (namespace !== undefined) return this.#namespaces.get(namespace)?.list(narrowing) ?? [];
    if (Object.keys(narrowing).length > 0) return this.#listAll(narrowing);
    return (this.#all ??= this.#listAll({}));
  }

  #listAll(narrowing: Narrowing): KubeObject[] {
    // etcd's order is that of the whole key, so that `a-b/…` comes before `a/…`.
    const names = [...this.#namespaces.keys()].map((ns) => ({ key: `${ns}/`, ns })).sort(byKey);
    return names.flatMap(({ ns }) => this.list(ns, narrowing));
  }
}

/** Objects of one resource in one namespace, by name and by label. */
class NamespaceState {
  readonly #objects = new Map<string, KubeObject>();
  /** All names, in order. */
  readonly #names: string[] = [];
  /** Names of the objects that have a label, by `key=value`. */
  readonly #labelled = new Map<string, Set<string>>();
  #list: KubeObject[] | undefined;

  get isEmpty(): boolean {
    return this.#objects.size === 0;
  }

  get(name: string): KubeObject | undefined {
    return this.#objects.get(name);
  }

  set(name: string, object: KubeObject): void {
    const old = this.#objects.get(name);
    this.#objects.set(name, object);
    this.#list = undefined;
    if (old === undefined) this.#names.splice(this.#position(name), 0, name);
    if (old?.metadata.labels === object.metadata.labels) return;
    this.#dropLabels(name, old);
    for (const pair of pairsOf(object.metadata.labels)) {
      const names = this.#labelled.get(pair) ?? new Set();
      this.#labelled.set(pair, names.add(name));
    }
  }

  delete(name: string): void {
    const old = this.#objects.get(name);
    if (old === undefined) return;
    this.#objects.delete(name);
    this.#list = undefined;
    this.#names.splice(this.#position(name), 1);
    this.#dropLabels(name, old);
  }

  list(narrowing: Narrowing): readonly KubeObject[] {
    const { name, ...others } = narrowing;
    if (name === undefined) return this.#narrowed(others);
    const object = this.#objects.get(name);
    return object !== undefined && has(object, others) ? [object] : [];
  }

  #narrowed({ labels, namePrefix }: Narrowing): readonly KubeObject[] {
    if (labels !== undefined && Object.keys(labels).length > 0) {
      const found = this.#withLabels(pairsOf(labels));
      return this.#named(
        namePrefix === undefined ? found : found.filter((name) => name.startsWith(namePrefix)),
      );
    }
    if (namePrefix !== undefined) return this.#named(this.#withPrefix(namePrefix));
    return (this.#list ??= this.#named(this.#names));
  }

  #named(names: readonly string[]): KubeObject[] {
    return names.flatMap((name) => this.#objects.get(name) ?? []);
  }

  #withLabels(pairs: string[]): string[] {
    const sets: ReadonlySet<string>[] = [];
    for (const pair of pairs) {
      const names = this.#labelled.get(pair);
      if (names === undefined) return [];
      sets.push(names);
    }
    sets.sort((a, b) => a.size - b.size);
    const [fewest, ...others] = sets;
    return [...(fewest ?? [])]
      .filter((name) => others.every((names) => names.has(name)))
      .sort((a, b) => (a < b ? -1 : 1));
  }

  #withPrefix(prefix: string): string[] {
    const names: string[] = [];
    for (let index = this.#position(prefix); index < this.#names.length; index += 1) {
      const name = this.#names[index] ?? '';
      if (!name.startsWith(prefix)) break;
      names.push(name);
    }
    return names;
  }

  /** Where the name is among all, or would be. */
  #position(name: string): number {
    let [low, high] = [0, this.#names.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#names[middle] ?? '') < name) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #dropLabels(name: string, object: KubeObject | undefined): void {
    for (const pair of pairsOf(object?.metadata.labels)) {
      const names = this.#labelled.get(pair);
      names?.delete(name);
      if (names?.size === 0) this.#labelled.delete(pair);
    }
  }
}

function has({ metadata }: KubeObject, { labels = {}, namePrefix = '' }: Narrowing): boolean {
  const hasLabels = Object.entries(labels).every(([key, value]) => metadata.labels?.[key] === value);
  return hasLabels && metadata.name?.startsWith(namePrefix) === true;
}

/** A label's key has no `=` in it. */
function pairsOf(labels: Readonly<Record<string, string>> | undefined): string[] {
  return Object.entries(labels ?? {}).map(([key, value]) => `${key}=${value}`);
}

/** Order of keys as etcd has it: of the bytes, not of a language. */
export function byKey(a: { key: string }, b: { key: string }): number {
  return a.key < b.key ? -1 : a.key > b.key ? 1 : 0;
}
