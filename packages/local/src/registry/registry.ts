import type { GroupVersionKind, KubeObject, Resource, WatchEvent } from '@pgherd/kube/objects';
import type { Narrowing } from '../store/index.ts';

/** Whose request it is; the controllers inside the server use `system:` users of their own. */
export interface User {
  name: string;
  uid?: string;
  groups: string[];
  /** More about the credentials, e.g. the pod whose token was shown. */
  extra?: Readonly<Record<string, readonly string[]>>;
}

/** What every request carries besides its object. */
export interface RequestOptions {
  /** Who asks. Defaults to the trusted in-process caller; authorization happens before the registry. */
  user?: User;
  /** Recorded in managedFields. */
  fieldManager?: string;
  /** `status`, `scale`, … as in the URL; absent for the object itself. */
  subresource?: string;
}

export interface ListOptions extends RequestOptions {
  /** Absent: all namespaces. */
  namespace?: string;
  /** Kubernetes' label selector syntax, equality and set based. */
  labelSelector?: string;
  /** Kubernetes' field selector syntax; unsupported fields throw 400. */
  fieldSelector?: string;
}

export interface WriteOptions extends RequestOptions {
  dryRun?: boolean;
  /** What to do with unknown fields; the HTTP default is `Warn`. */
  fieldValidation?: 'Ignore' | 'Warn' | 'Strict';
  /** Receives `Warning` header texts. */
  warn?: (message: string) => void;
  /** Server-side apply: take over fields of other managers. */
  force?: boolean;
}

export interface DeleteOptions extends RequestOptions {
  gracePeriodSeconds?: number;
  propagationPolicy?: 'Orphan' | 'Background' | 'Foreground';
  preconditions?: { uid?: string; resourceVersion?: string };
  dryRun?: boolean;
  /** Receives `Warning` header texts. */
  warn?: (message: string) => void;
}

export interface ListResult<T extends KubeObject = KubeObject> {
  resourceVersion: string;
  items: T[];
  /** Paging: pass back to go on. */
  continue?: string;
  remainingItemCount?: number;
}

export interface WatchOptions extends ListOptions {
  /** Deliver everything after this version; `''` or absent: start with synthetic ADDED of what exists. */
  resourceVersion?: string;
  /** Send bookmarks, only if asked for. */
  allowBookmarks?: boolean;
  sendInitialEvents?: boolean;
}

export type PatchType =
  | 'application/json-patch+json'
  | 'application/merge-patch+json'
  | 'application/strategic-merge-patch+json'
  | 'application/apply-patch+yaml';

/** A live watch. Events arrive in order, each once; `close` is idempotent. */
export interface Watch {
  close(): void;
}

/** A kind that the server serves, built in or from a CustomResourceDefinition. */
export interface ServedResource extends Resource, GroupVersionKind {
  namespaced: boolean;
  listKind: string;
  singular: string;
  shortNames: string[];
  categories: string[];
  /** Verbs as in discovery. */
  verbs: string[];
  /** Names of its subresources, e.g. `status`. */
  subresources: string[];
}

/**
 * Kubernetes' API semantics over the store, without HTTP: defaulting, validation, pruning, admission,
 * generation, finalizers, deletion, managedFields, resource versions. Everything is synchronous, because
 * SQLite is and there is one writer: a read-modify-write inside one call stack is atomic without locks.
 * Every failure is an `ApiError`. Returned objects are frozen or private copies: callers never mutate them.
 */
export interface Registry {
  /** All served resources (those of CRDs too). */
  resources(): ServedResource[];
  /** `undefined` when not served. */
  resource(ref: Resource): ServedResource | undefined;
  get(ref: Resource, namespace: string | undefined, name: string, options?: RequestOptions): KubeObject;
  list(
    ref: Resource,
    options?: ListOptions & { limit?: number; continue?: string; narrowing?: Narrowing },
  ): ListResult;
  create(
    ref: Resource,
    namespace: string | undefined,
    object: KubeObject,
    options?: WriteOptions,
  ): KubeObject;
  update(
    ref: Resource,
    namespace: string | undefined,
    name: string,
    object: KubeObject,
    options?: WriteOptions,
  ): KubeObject;
  patch(
    ref: Resource,
    namespace: string | undefined,
    name: string,
    type: PatchType,
    body: unknown,
    options?: WriteOptions,
  ): KubeObject;
  /** Answers the deleted object, or the object still waiting for finalizers or grace. */
  delete(ref: Resource, namespace: string | undefined, name: string, options?: DeleteOptions): KubeObject;
  deleteCollection(ref: Resource, list: ListOptions, options?: DeleteOptions): ListResult;
  /**
   * Carries out `work` in a moment, in one transaction with what else is to be done then. What it wrote before it threw
   * stays; when the disk fails, nothing is written and it rejects with 503.
   */
  batched<T>(work: () => T): Promise<T>;
  /** Throws 410 `Expired` when `resourceVersion` is older than the event window. */
  watch(ref: Resource, options: WatchOptions, onEvent: (event: WatchEvent) => void): Watch;
}
