import { equalJson } from '@pgherd/kube/schema';
import type { KubeObject } from '@pgherd/kube/objects';
import { store } from './create.ts';
import { isEstablished } from './custom-names.ts';
import { definitionsOf, namesStatus } from './custom-resources.ts';
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

  /** Serves what the store holds already, and ends what was under way when the last process ended. */
  constructor(kernel: Kernel, endWatches: (storage: string) => void) {
    this.#kernel = kernel;
    this.#endWatches = endWatches;
    for (const crd of kernel.store.list(crdStorage)) this.#serve(crd);
    kernel.store.subscribe((event) => {
      if (event.resource === crdStorage) {
        if (event.type === 'DELETED') this.#withdraw(event.object);
        else this.#serve(event.object);
      } else if (event.type === 'DELETED') {
        // The last instance is gone: now the definition goes.
        const owner = kernel.catalog.ofStorage(event.resource)?.custom?.crd;
        const crd = owner === undefined ? undefined : kernel.store.get(crdStorage, '', owner);
        if (crd?.metadata.deletionTimestamp)
          queueMicrotask(() => this.#inBackground(() => this.#finish(owner)));
      }
    });
    this.#establishAll();
    for (const crd of kernel.store.list(crdStorage)) {
      if (crd.metadata.deletionTimestamp) this.#finish(crd.metadata.name);
    }
  }

  /** Establishes a definition in the call that wrote it. */
  afterWrite(definition: ResourceDefinition, object: KubeObject): KubeObject {
    if (definition.storage !== crdStorage) return object;
    const name = object.metadata.name ?? '';
    const established = this.#establish(name) ?? object;
    // The last finalizer may have gone, and names with it.
    if (!this.#kernel.store.get(crdStorage, '', name)) this.#establishAll();
    return established;
  }

  /** A deleted definition takes its instances along. */
  afterDelete(definition: ResourceDefinition, object: KubeObject): KubeObject {
    if (definition.storage !== crdStorage) return object;
    return this.#finish(object.metadata.name) ?? object;
  }

  #serve(crd: KubeObject): void {
    if (isEstablished(crd)) this.#kernel.catalog.setCustom(crd.metadata.name ?? '', definitionsOf(crd));
  }

  #withdraw(crd: KubeObject): void {
    this.#kernel.catalog.setCustom(crd.metadata.name ?? '', []);
    const { group = '', names } = (crd['spec'] ?? {}) as { group?: string; names?: { plural?: string } };
    this.#endWatches(`${group}/${names?.plural ?? ''}`);
  }

  /** Writes what became of the names; undefined when nothing changed. */
  #establish(name: string): KubeObject | undefined {
    const { store: objects } = this.#kernel;
    const crd = objects.get(crdStorage, '', name);
    if (!crd || crd.metadata.deletionTimestamp) return undefined;
    const status = namesStatus(this.#kernel, crd, objects.list(crdStorage));
    if (equalJson(status, crd['status'])) return undefined;
    return store(this.#kernel, this.#definition(), { ...structuredClone(crd), status }, false);
  }

  /** Names that one definition gave up may be what another one waits for. */
  #establishAll(): void {
    for (const crd of this.#kernel.store.list(crdStorage)) this.#establish(crd.metadata.name ?? '');
  }

  #definition(): ResourceDefinition {
    const ref = { group: 'apiextensions.k8s.io', version: 'v1', plural: 'customresourcedefinitions' };
    return this.#kernel.catalog.get(ref);
  }

  #finish(name = ''): KubeObject | undefined {
    const { store: objects, catalog } = this.#kernel;
    const crd = objects.get(crdStorage, '', name);
    if (!crd?.metadata.deletionTimestamp) return undefined;
    const served = catalog.all().find((d) => d.custom?.crd === name);
    if (served) {
      for (const item of objects.list(served.storage)) {
        if (item.metadata.deletionTimestamp) continue;
        remove(this.#kernel, served, item.metadata.namespace, item.metadata.name ?? '', {});
      }
      if (objects.list(served.storage).length > 0) return undefined;
    }
    const copy = structuredClone(crd);
    const finalizers = (copy.metadata.finalizers ?? []).filter((f) => f !== cleanup);
    if (finalizers.length === (copy.metadata.finalizers ?? []).length) return undefined;
    if (finalizers.length > 0) {
      copy.metadata.finalizers = finalizers;
      return store(this.#kernel, this.#definition(), copy, false);
    }
    delete copy.metadata.finalizers;
    const gone = release(this.#kernel, this.#definition(), copy);
    this.#establishAll();
    return gone;
  }

  #inBackground(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#kernel.onError(error);
    }
  }
}
