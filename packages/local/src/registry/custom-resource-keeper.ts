import type { KubeObject } from '@pgherd/kube/objects';
import { equalJson } from '@pgherd/kube/schema';
import { store } from './create.ts';
import { establishedStatus, serveCustomResources } from './custom-resources.ts';
import type { ResourceDefinition } from './definition.ts';
import type { Kernel } from './kernel.ts';
import { remove } from './remove.ts';
import { release } from './update.ts';

const cleanup = 'customresourcecleanup.apiextensions.k8s.io';
const crdStorage = 'apiextensions.k8s.io/customresourcedefinitions';

/** Serves, and stops serving, the kinds of CustomResourceDefinitions as these are written. */
export class CustomResourceKeeper {
  readonly #kernel: Kernel;
  readonly #endWatches: (storage: string) => void;

  /** Serves what the store holds already. */
  constructor(kernel: Kernel, endWatches: (storage: string) => void) {
    this.#kernel = kernel;
    this.#endWatches = endWatches;
    for (const crd of kernel.store.list(crdStorage)) {
      serveCustomResources(kernel.catalog, crd, false);
    }
    kernel.store.subscribe((event) => {
      const { metadata } = event.object;
      // The last instance is gone: now the definition goes.
      const owner = kernel.catalog.all().find((d) => d.storage === event.resource)?.custom?.crd;
      if (event.type === 'DELETED' && owner !== undefined) {
        const crd = kernel.store.get(crdStorage, '', owner);
        if (crd?.metadata.deletionTimestamp) queueMicrotask(() => this.#finish(owner));
      }
      if (event.resource === crdStorage && event.type === 'DELETED') {
        serveCustomResources(kernel.catalog, event.object, true);
        this.#endWatches(storageOf(event.object));
      } else if (event.resource === crdStorage && !metadata.deletionTimestamp) {
        serveCustomResources(kernel.catalog, event.object, false);
      }
    });
  }

  /** Establishes a definition in the call that wrote it. */
  afterWrite(definition: ResourceDefinition, object: KubeObject): KubeObject {
    if (definition.storage !== crdStorage) return object;
    const current = this.#kernel.store.get(crdStorage, '', object.metadata.name ?? '');
    if (!current || current.metadata.deletionTimestamp) return object;
    const status = establishedStatus(this.#kernel, current);
    if (equalJson(status, current['status'])) return object;
    return store(this.#kernel, definition, { ...structuredClone(current), status }, false);
  }

  /** A deleted definition takes its instances along. */
  afterDelete(definition: ResourceDefinition, object: KubeObject): KubeObject {
    if (definition.storage !== crdStorage) return object;
    return this.#finish(object.metadata.name ?? '') ?? object;
  }

  #finish(name: string): KubeObject | undefined {
    const { store, catalog } = this.#kernel;
    const crd = store.get(crdStorage, '', name);
    if (!crd?.metadata.deletionTimestamp) return undefined;
    const served = catalog.all().find((d) => d.custom?.crd === name);
    const definition = catalog.get({
      group: 'apiextensions.k8s.io',
      version: 'v1',
      plural: 'customresourcedefinitions',
    });
    if (served) {
      for (const item of store.list(served.storage)) {
        if (item.metadata.deletionTimestamp) continue;
        remove(this.#kernel, served, item.metadata.namespace, item.metadata.name ?? '', {});
      }
      if (store.list(served.storage).length > 0) return undefined;
    }
    const copy = structuredClone(crd);
    const finalizers = (copy.metadata.finalizers ?? []).filter((f) => f !== cleanup);
    if (finalizers.length === (copy.metadata.finalizers ?? []).length) return undefined;
    if (finalizers.length === 0) {
      delete copy.metadata.finalizers;
      return release(this.#kernel, definition, copy);
    }
    copy.metadata.finalizers = finalizers;
    return store.put(crdStorage, '', name, (revision) => {
      copy.metadata.resourceVersion = String(revision);
      return copy;
    });
  }
}

function storageOf(crd: KubeObject): string {
  const spec = (crd['spec'] ?? {}) as { group?: string; names?: { plural?: string } };
  return `${spec.group ?? ''}/${spec.names?.plural ?? ''}`;
}
