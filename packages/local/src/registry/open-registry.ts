import {
  systemClock,
  type Clock,
  type KubeObject,
  type Resource,
  type WatchEvent,
} from '@pgherd/kube/objects';
import { openStore, WriteBatches, type Store } from '../store/index.ts';
import { bootstrap } from './bootstrap.ts';
import { Catalog } from './catalog.ts';
import { create } from './create.ts';
import { CustomResourceKeeper } from './custom-resource-keeper.ts';
import type { ResourceDefinition } from './definition.ts';
import { methodNotAllowed, notServed } from './errors.ts';
import type { AdmissionHook, Kernel } from './kernel.ts';
import { patch } from './patch.ts';
import { list, readOrThrow, type ReadOptions } from './read.ts';
import type {
  DeleteOptions,
  ListOptions,
  ListResult,
  PatchType,
  Registry,
  RequestOptions,
  ServedResource,
  Watch,
  WatchOptions,
  WriteOptions,
} from './registry.ts';
import { remove, removeCollection, type Removal } from './remove.ts';
import { builtinResources } from './resources/index.ts';
import { createSubresource, readSubresource, writeSubresource } from './subresources.ts';
import { update } from './update.ts';
import { WatchHub } from './watch.ts';

export interface RegistryOptions {
  /** SQLite file, or `:memory:`. */
  path: string;
  clock?: Clock;
  /** Range of cluster IPs; default `10.96.0.0/16`. */
  serviceSubnet?: string;
  /** Cluster IP of `default/kubernetes`; default: the first address of the range. */
  kubernetesServiceIp?: string;
  /** Port of `default/kubernetes` behind the cluster IP; clients inside pods connect to port 443. */
  apiPort?: number;
  /** Hears of exceptions in watchers of this process. */
  onError?: (error: unknown) => void;
}

/** The registry with what the HTTP server needs besides the common interface. */
export interface LocalRegistry extends Registry {
  readonly store: Store;
  readonly catalog: Catalog;
  definition(ref: Resource): ResourceDefinition | undefined;
  list(ref: Resource, options?: ReadOptions): ListResult;
  /** As `delete`, and whether the object is gone. */
  remove(ref: Resource, namespace: string | undefined, name: string, options?: DeleteOptions): Removal;
  /** Newest resourceVersion. */
  revision(): number;
  /** Sets the check that every create and update on a user's behalf has to pass. */
  onAdmission(hook: AdmissionHook): void;
  /** Ends all watches and closes the database. */
  close(): void;
}

/**
 * Opens the database and makes what every cluster has: the first namespaces and `default/kubernetes`.
 *
 * @throws Error when the database cannot be opened or another process has it.
 */
export function openRegistry(options: RegistryOptions): LocalRegistry {
  const serviceSubnet = options.serviceSubnet ?? '10.96.0.0/16';
  const clock = options.clock ?? systemClock;
  const kernel: Kernel = {
    store: openStore({ path: options.path, clock }),
    clock,
    catalog: new Catalog(builtinResources),
    serviceSubnet,
    kubernetesServiceIp: options.kubernetesServiceIp ?? firstAddress(serviceSubnet),
    admit: () => {},
    onError: options.onError ?? ((error) => console.error(error)),
  };
  const registry = new StoreRegistry(kernel);
  bootstrap(registry, kernel, options.apiPort ?? 443);
  return registry;
}

function firstAddress(subnet: string): string {
  return subnet.replace(/\.\d+\/\d+$/, '.1');
}

class StoreRegistry implements LocalRegistry {
  readonly #kernel: Kernel;
  readonly #watches: WatchHub;
  readonly #batches: WriteBatches;
  readonly #custom: CustomResourceKeeper;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
    this.#batches = new WriteBatches(kernel.store);
    this.#watches = new WatchHub(kernel);
    this.#custom = new CustomResourceKeeper(kernel, (storage) => this.#watches.closeAll(storage));
  }

  get store(): Store {
    return this.#kernel.store;
  }

  get catalog(): Catalog {
    return this.#kernel.catalog;
  }

  resources(): ServedResource[] {
    return this.#kernel.catalog.all();
  }

  resource(ref: Resource): ServedResource | undefined {
    return this.#kernel.catalog.find(ref);
  }

  definition(ref: Resource): ResourceDefinition | undefined {
    return this.#kernel.catalog.find(ref);
  }

  batched<T>(work: () => T): Promise<T> {
    return this.#batches.run(work);
  }

  revision(): number {
    return this.#kernel.store.revision;
  }

  get(ref: Resource, namespace: string | undefined, name: string, options: RequestOptions = {}): KubeObject {
    const definition = this.#kernel.catalog.get(ref);
    const object = readOrThrow(this.#kernel, definition, namespace, name);
    return options.subresource === undefined
      ? object
      : readSubresource(definition, object, options.subresource);
  }

  list(ref: Resource, options: ReadOptions = {}): ListResult {
    return list(this.#kernel, this.#allowed(ref, 'list'), options);
  }

  create(
    ref: Resource,
    namespace: string | undefined,
    object: KubeObject,
    options: WriteOptions = {},
  ): KubeObject {
    const definition = this.#allowed(ref, 'create');
    if (options.subresource !== undefined) {
      return createSubresource(this.#kernel, definition, namespace, object, options);
    }
    const result = create(this.#kernel, definition, namespace, object, options);
    return this.#custom.afterWrite(definition, result);
  }

  update(
    ref: Resource,
    namespace: string | undefined,
    name: string,
    object: KubeObject,
    options: WriteOptions = {},
  ): KubeObject {
    const definition = this.#allowed(ref, 'update');
    const result = isPlain(options)
      ? update(this.#kernel, definition, namespace, name, object, options)
      : writeSubresource(this.#kernel, definition, namespace, name, object, options);
    return this.#custom.afterWrite(definition, result);
  }

  patch(
    ref: Resource,
    namespace: string | undefined,
    name: string,
    type: PatchType,
    body: unknown,
    options: WriteOptions = {},
  ): KubeObject {
    const definition = this.#allowed(ref, 'patch');
    const result = patch(this.#kernel, definition, namespace, name, type, body, options);
    return this.#custom.afterWrite(definition, result);
  }

  delete(
    ref: Resource,
    namespace: string | undefined,
    name: string,
    options: DeleteOptions = {},
  ): KubeObject {
    return this.remove(ref, namespace, name, options).object;
  }

  remove(ref: Resource, namespace: string | undefined, name: string, options: DeleteOptions = {}): Removal {
    const definition = this.#allowed(ref, 'delete');
    if (options.subresource !== undefined) throw notServed();
    const removal = remove(this.#kernel, definition, namespace, name, options);
    return { ...removal, object: this.#custom.afterDelete(definition, removal.object) };
  }

  deleteCollection(ref: Resource, selection: ListOptions, options: DeleteOptions = {}): ListResult {
    const definition = this.#allowed(ref, 'deletecollection');
    const result = removeCollection(this.#kernel, definition, selection, options);
    for (const item of result.items) this.#custom.afterDelete(definition, item);
    return result;
  }

  watch(ref: Resource, options: WatchOptions, onEvent: (event: WatchEvent) => void): Watch {
    return this.#watches.open(this.#allowed(ref, 'watch'), options, onEvent);
  }

  onAdmission(hook: AdmissionHook): void {
    this.#kernel.admit = hook;
  }

  close(): void {
    for (const definition of this.#kernel.catalog.all()) this.#watches.closeAll(definition.storage);
    this.#kernel.store.close();
  }

  #allowed(ref: Resource, verb: string): ResourceDefinition {
    const definition = this.#kernel.catalog.get(ref);
    if (definition.verbs.includes(verb)) return definition;
    throw methodNotAllowed('the server does not allow this method on the requested resource');
  }
}

/** A write to the object itself or to its `status`, which follow the same path. */
function isPlain(options: WriteOptions): boolean {
  return options.subresource === undefined || options.subresource === 'status';
}
