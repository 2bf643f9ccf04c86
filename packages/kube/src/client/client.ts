import type { Readable } from 'node:stream';
import type { KubeObject, ResourceType, WatchEvent } from '../objects/index.ts';
import type { ExecOptions, ExecResult } from './exec.ts';
import type { ObjectKey, Query } from './paths.ts';

/** Ends a call early; its promise then rejects with the signal's reason. */
export interface CallOptions {
  signal?: AbortSignal;
}

/** Which objects of a kind. */
export interface Selection {
  /** Absent: all namespaces. */
  namespace?: string;
  /** Kubernetes' syntax, e.g. `cluster-name=acid-demo,spilo-role in (master, replica)`. */
  labelSelector?: string;
  /** Kubernetes' syntax, e.g. `metadata.name=acid-demo`. */
  fieldSelector?: string;
}

export interface ListOptions extends Selection, CallOptions {
  /** Objects per request; all pages are read. Default 500. */
  pageSize?: number;
}

export interface WatchOptions extends Selection, CallOptions {
  /** Only what happened after it; from a list or an earlier event. */
  resourceVersion?: string;
  /** The server ends the watch after this time; the client half a minute later if the server forgot. */
  timeoutSeconds?: number;
  /** Asks for BOOKMARK events, which carry nothing but a newer resourceVersion. Default true. */
  allowWatchBookmarks?: boolean;
}

/** One list, all pages of it. `metadata.resourceVersion` is where a watch goes on. */
export interface ObjectList<T extends KubeObject> {
  metadata: { resourceVersion?: string; continue?: string; remainingItemCount?: number };
  items: T[];
}

export interface WriteOptions extends CallOptions {
  /** Validates and answers as always, but stores nothing. */
  dryRun?: boolean;
  /** Recorded in managedFields. Default `pgherd`. */
  fieldManager?: string;
  /** Part of the object with its own URL, e.g. `status` or `scale`. */
  subresource?: string;
}

export interface ApplyOptions extends WriteOptions {
  /** Take over fields that other managers own, instead of failing with Conflict. Default false. */
  force?: boolean;
}

/** A patch and how it is to be read. */
export type Patch =
  | { type: 'json'; operations: { op: string; path: string; value?: unknown; from?: string }[] }
  | { type: 'merge'; body: object }
  | { type: 'strategic'; body: object };

export interface DeleteOptions extends CallOptions {
  dryRun?: boolean;
  /** Seconds that a pod has to end; 0 is at once. */
  gracePeriodSeconds?: number;
  /** What becomes of dependents. Default: the server's choice for the kind (mostly Background). */
  propagationPolicy?: 'Orphan' | 'Background' | 'Foreground';
  /** Fails with Conflict unless the object is still this one. */
  preconditions?: { uid?: string; resourceVersion?: string };
  /** An object that is gone already is fine. Default false. */
  ignoreNotFound?: boolean;
}

/** Reads straight from the API server. Failures: `ApiError` that the server answered, `TransportError` without answer. */
export interface Reader {
  /** Throws `ApiError` 404 when there is none. */
  get<T extends KubeObject>(
    resource: ResourceType<T>,
    key: ObjectKey,
    options?: CallOptions & { subresource?: string },
  ): Promise<T>;
  /** As `get`, but `undefined` when there is none. */
  find<T extends KubeObject>(
    resource: ResourceType<T>,
    key: ObjectKey,
    options?: CallOptions,
  ): Promise<T | undefined>;
  /** All objects, page by page. Items always carry apiVersion and kind. */
  list<T extends KubeObject>(resource: ResourceType<T>, options?: ListOptions): Promise<ObjectList<T>>;
  /**
   * Events as they come, ERROR events too. It ends when the server ends it or the signal aborts, throws `ApiError` when
   * the server refuses it, and `TransportError` when the connection breaks off. Most want a `Reflector` instead.
   */
  watch<T extends KubeObject>(
    resource: ResourceType<T>,
    options?: WatchOptions,
  ): AsyncIterable<WatchEvent<T>>;
}

/** Writes; each answers with the object as stored. `create` and `update` fill in apiVersion and kind. */
export interface Writer {
  /** Namespace and name (or generateName) are those of the object. */
  create<T extends KubeObject>(
    resource: ResourceType<T>,
    object: NoInfer<T>,
    options?: WriteOptions,
  ): Promise<T>;
  /** Replaces; fails with Conflict unless `metadata.resourceVersion` is current (or absent). */
  update<T extends KubeObject>(
    resource: ResourceType<T>,
    object: NoInfer<T>,
    options?: WriteOptions,
  ): Promise<T>;
  patch<T extends KubeObject>(
    resource: ResourceType<T>,
    key: ObjectKey,
    patch: Patch,
    options?: WriteOptions,
  ): Promise<T>;
  /** Server-side apply: the object holds exactly the fields that the field manager wants to own. */
  apply<T extends KubeObject>(
    resource: ResourceType<T>,
    object: NoInfer<T>,
    options?: ApplyOptions,
  ): Promise<T>;
  delete(resource: ResourceType, key: ObjectKey, options?: DeleteOptions): Promise<void>;
  deleteCollection(
    resource: ResourceType,
    selection: Selection & { namespace: string },
    options?: DeleteOptions,
  ): Promise<void>;
}

/** The same for the `status` subresource. */
export interface StatusWriter {
  updateStatus<T extends KubeObject>(
    resource: ResourceType<T>,
    object: NoInfer<T>,
    options?: WriteOptions,
  ): Promise<T>;
  patchStatus<T extends KubeObject>(
    resource: ResourceType<T>,
    key: ObjectKey,
    patch: Patch,
    options?: WriteOptions,
  ): Promise<T>;
  applyStatus<T extends KubeObject>(
    resource: ResourceType<T>,
    object: NoInfer<T>,
    options?: ApplyOptions,
  ): Promise<T>;
}

export interface LogOptions extends CallOptions {
  /** Needed when the pod has several. */
  container?: string;
  /** Keep the stream open and send what is written from now on. */
  follow?: boolean;
  /** The container's run before the current one. */
  previous?: boolean;
  timestamps?: boolean;
  tailLines?: number;
  sinceSeconds?: number;
  /** RFC 3339. */
  sinceTime?: string;
  limitBytes?: number;
}

/** What one can do with pods besides reading and writing them. */
export interface PodAccess {
  logs(pod: ObjectKey, options?: LogOptions): Promise<Readable>;
  /** Runs a command in a container and waits for its end. */
  exec(pod: ObjectKey, options: ExecOptions): Promise<ExecResult>;
}

/** What is asked of `canI`; `resource` in the plural, e.g. `pods`, `subresource` e.g. `exec`. */
export interface AccessQuestion {
  verb: string;
  group?: string;
  resource: string;
  subresource?: string;
  namespace?: string;
  name?: string;
}

export interface Access {
  /** May the caller do that? `reason` is the server's explanation, if it gives one. */
  canI(question: AccessQuestion, options?: CallOptions): Promise<{ allowed: boolean; reason: string }>;
  /** A new token for a service account. */
  createToken(
    serviceAccount: ObjectKey,
    request?: { audiences?: string[]; expirationSeconds?: number },
    options?: CallOptions,
  ): Promise<{ token: string; expirationTimestamp: string }>;
}

/** Everything that pgherd does with a Kubernetes API server. */
export interface Client extends Reader, Writer, StatusWriter, PodAccess, Access {
  /** Any other request, e.g. discovery: JSON in, JSON out. */
  raw<R = unknown>(
    method: string,
    path: string,
    options?: CallOptions & { query?: Query; body?: unknown },
  ): Promise<R>;
  /** Closes idle connections; the client stays usable. */
  close(): void;
}

/** One finished request (for a watch: its beginning). `code` 0: no answer came. */
export interface RequestInfo {
  /** `get`, `list`, `watch`, `create`, `update`, `patch`, `apply`, `delete`, `deletecollection`, `logs`, `exec`, `raw`. */
  verb: string;
  /** Plural, with subresource, e.g. `pods` or `postgresqls/status`; the path for `raw`. */
  resource: string;
  code: number;
  ms: number;
}
