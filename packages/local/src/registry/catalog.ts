import type { Resource } from '@pgherd/kube/objects';
import type { ResourceDefinition } from './definition.ts';
import { notServed } from './errors.ts';

/** The served kinds: built-in ones for good, those of CustomResourceDefinitions as they come and go. */
export class Catalog {
  readonly #byPath = new Map<string, ResourceDefinition>();
  /** Grows with every change; caches of discovery and OpenAPI compare it. */
  revision = 0;

  constructor(builtin: readonly ResourceDefinition[]) {
    for (const definition of builtin) this.#byPath.set(keyOf(definition), definition);
  }

  all(): ResourceDefinition[] {
    return [...this.#byPath.values()];
  }

  find(ref: Resource): ResourceDefinition | undefined {
    return this.#byPath.get(keyOf(ref));
  }

  /** @throws ApiError 404 when nothing serves it. */
  get(ref: Resource): ResourceDefinition {
    const definition = this.find(ref);
    if (!definition) throw notServed();
    return definition;
  }

  /** The definition of an object's own apiVersion and kind. */
  ofKind(apiVersion: string, kind: string): ResourceDefinition | undefined {
    return this.all().find(
      (d) => d.kind === kind && (d.group === '' ? d.version : `${d.group}/${d.version}`) === apiVersion,
    );
  }

  /** One of the definitions whose objects lie under this key of the store. */
  ofStorage(storage: string): ResourceDefinition | undefined {
    return this.all().find((d) => d.storage === storage);
  }

  /** Replaces all versions that one CustomResourceDefinition serves. */
  setCustom(crd: string, definitions: readonly ResourceDefinition[]): void {
    for (const [key, definition] of this.#byPath) {
      if (definition.custom?.crd === crd) this.#byPath.delete(key);
    }
    for (const definition of definitions) {
      // Built-in kinds cannot be replaced.
      if (!this.#byPath.has(keyOf(definition))) this.#byPath.set(keyOf(definition), definition);
    }
    this.revision++;
  }
}

function keyOf(ref: Resource): string {
  return `${ref.group}/${ref.version}/${ref.plural}`;
}
