import type { KubeObject } from '@pgherd/kube/objects';
import { keyOf } from './objects.ts';

/** Which objects' selectors could match given labels, without trying every selector of the namespace. */
export class SelectorIndex {
  readonly #labelsOf: (object: KubeObject) => Record<string, string> | undefined;
  /** Keys of objects by namespace and one label that their selectors want; by namespace alone where none is wanted. */
  readonly #keys = new Map<string, Set<string>>();
  readonly #places = new Map<string, string>();

  /** `labelsOf` answers labels that an object's selector wants as they are; undefined: it selects nothing. */
  constructor(labelsOf: (object: KubeObject) => Record<string, string> | undefined) {
    this.#labelsOf = labelsOf;
  }

  /** Takes note of an object that is new, has changed, or is gone. */
  see(object: KubeObject, isGone: boolean): void {
    const key = keyOf(object);
    const before = this.#places.get(key);
    if (before !== undefined) this.#keys.get(before)?.delete(key);
    this.#places.delete(key);
    const labels = isGone ? undefined : this.#labelsOf(object);
    if (labels === undefined) return;
    const place = this.#emptiest(object.metadata.namespace, labels);
    this.#places.set(key, place);
    const keys = this.#keys.get(place) ?? new Set();
    this.#keys.set(place, keys.add(key));
  }

  /** The label that fewest others want: many selectors have labels in common that tell nobody apart. */
  #emptiest(namespace: string | undefined, labels: Record<string, string>): string {
    const places = Object.entries(labels).map((label) => placeOf(namespace, label));
    const sizes = places.map((place) => this.#keys.get(place)?.size ?? 0);
    return places[sizes.indexOf(Math.min(...sizes))] ?? placeOf(namespace, undefined);
  }

  /** Keys of all whose selector may match an object with these labels; some of them may turn out not to. */
  candidates(namespace: string | undefined, labels: Record<string, string> = {}): string[] {
    const places = [undefined, ...Object.entries(labels)].map((label) => placeOf(namespace, label));
    return places.flatMap((place) => [...(this.#keys.get(place) ?? [])]);
  }
}

function placeOf(namespace = '', label: [string, string] | undefined): string {
  return label === undefined ? namespace : `${namespace} ${label[0]}=${label[1]}`;
}
