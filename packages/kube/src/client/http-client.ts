import type { Readable } from 'node:stream';
import { ApiError, apiVersionOf, pods, selfSubjectAccessReviews, serviceAccounts } from '../objects/index.ts';
import type { KubeObject, ResourceType, WatchEvent } from '../objects/index.ts';
import { Calls } from './calls.ts';
import type { Call } from './calls.ts';
import type * as api from './client.ts';
import { isExpired, isNotFound } from './errors.ts';
import { execInPod } from './exec.ts';
import type { ExecOptions, ExecResult } from './exec.ts';
import { collectionPath, keyOf, objectPath, withQuery } from './paths.ts';
import type { ObjectKey, Query } from './paths.ts';
import type { Transport } from './transport.ts';
import { watchEvents } from './watch.ts';

/** Settings of a client. */
export interface HttpClientOptions {
  /** Recorded in managedFields where the call names none. Default `pgherd`. */
  fieldManager?: string;
  /** Told of every request, for metrics. What it throws is ignored. */
  onRequest?: (info: api.RequestInfo) => void;
}

const PATCH_TYPES = {
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
};
const APPLY_TYPE = 'application/apply-patch+yaml';
const PAGE_SIZE = 500;

/** The client, over HTTP. */
export class HttpClient implements api.Client {
  readonly transport: Transport;
  readonly #fieldManager: string;
  readonly #calls: Calls;

  constructor(transport: Transport, options: HttpClientOptions = {}) {
    this.transport = transport;
    this.#fieldManager = options.fieldManager ?? 'pgherd';
    this.#calls = new Calls(transport, options.onRequest ?? (() => {}));
  }

  async get<T extends KubeObject>(
    resource: ResourceType<T>,
    key: ObjectKey,
    options: api.CallOptions & { subresource?: string } = {},
  ): Promise<T> {
    return this.#json('get', resource, 'GET', objectPath(resource, key, options.subresource), options);
  }

  async find<T extends KubeObject>(
    resource: ResourceType<T>,
    key: ObjectKey,
    options: api.CallOptions = {},
  ): Promise<T | undefined> {
    try {
      return await this.get(resource, key, options);
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  async list<T extends KubeObject>(
    resource: ResourceType<T>,
    options: api.ListOptions = {},
  ): Promise<api.ObjectList<T>> {
    try {
      return await this.#listPages(resource, options, options.pageSize ?? PAGE_SIZE);
    } catch (error) {
      // A continue token lives some minutes only; a list without limit needs none (client-go's pager does the same).
      if (!isExpired(error)) throw error;
      return this.#listPages(resource, options, 0);
    }
  }

  async #listPages<T extends KubeObject>(
    resource: ResourceType<T>,
    options: api.ListOptions,
    limit: number,
  ): Promise<api.ObjectList<T>> {
    const items: T[] = [];
    let next: string | undefined;
    for (;;) {
      const query = { ...selectors(options), limit: limit || undefined, continue: next };
      const path = withQuery(collectionPath(resource, options.namespace), query);
      const page: api.ObjectList<T> = await this.#json('list', resource, 'GET', path, options);
      // The items of typed lists come without apiVersion and kind.
      for (const item of page.items ?? []) items.push(complete(resource, item));
      next = page.metadata.continue;
      if (!next) return { metadata: page.metadata, items };
    }
  }

  watch<T extends KubeObject>(
    resource: ResourceType<T>,
    options: api.WatchOptions = {},
  ): AsyncIterable<WatchEvent<T>> {
    const { resourceVersion, timeoutSeconds, allowWatchBookmarks = true, signal } = options;
    const query = {
      ...selectors(options),
      watch: true,
      allowWatchBookmarks,
      resourceVersion,
      timeoutSeconds,
    };
    const path = withQuery(collectionPath(resource, options.namespace), query);
    const call: Call = { verb: 'watch', resource: resource.plural, method: 'GET', path, signal };
    return watchEvents<T>(() => this.#calls.stream(call), this.transport.address, timeoutSeconds, signal);
  }

  async create<T extends KubeObject>(
    resource: ResourceType<T>,
    object: NoInfer<T>,
    options: api.WriteOptions = {},
  ): Promise<T> {
    const { namespace } = object.metadata;
    if (resource.namespaced && !namespace)
      throw new TypeError(`${resource.kind}: metadata.namespace is missing`);
    const path =
      options.subresource === undefined
        ? collectionPath(resource, namespace)
        : objectPath(resource, keyOf(object), options.subresource);
    return this.#write('create', resource, 'POST', path, complete(resource, object), options);
  }

  async update<T extends KubeObject>(
    resource: ResourceType<T>,
    object: NoInfer<T>,
    options: api.WriteOptions = {},
  ): Promise<T> {
    const path = objectPath(resource, keyOf(object), options.subresource);
    return this.#write('update', resource, 'PUT', path, complete(resource, object), options);
  }

  async patch<T extends KubeObject>(
    resource: ResourceType<T>,
    key: ObjectKey,
    patch: api.Patch,
    options: api.WriteOptions = {},
  ): Promise<T> {
    const body = patch.type === 'json' ? patch.operations : patch.body;
    const path = objectPath(resource, key, options.subresource);
    return this.#write('patch', resource, 'PATCH', path, body, options, PATCH_TYPES[patch.type]);
  }

  async apply<T extends KubeObject>(
    resource: ResourceType<T>,
    object: NoInfer<T>,
    options: api.ApplyOptions = {},
  ): Promise<T> {
    const { managedFields: _, ...metadata } = object.metadata;
    const body = { ...complete(resource, object), metadata };
    const path = objectPath(resource, keyOf(object), options.subresource);
    return this.#write('apply', resource, 'PATCH', path, body, options, APPLY_TYPE, { force: options.force });
  }

  updateStatus<T extends KubeObject>(
    resource: ResourceType<T>,
    object: NoInfer<T>,
    options: api.WriteOptions = {},
  ): Promise<T> {
    return this.update(resource, object, { ...options, subresource: 'status' });
  }

  patchStatus<T extends KubeObject>(
    resource: ResourceType<T>,
    key: ObjectKey,
    patch: api.Patch,
    options: api.WriteOptions = {},
  ): Promise<T> {
    return this.patch(resource, key, patch, { ...options, subresource: 'status' });
  }

  applyStatus<T extends KubeObject>(
    resource: ResourceType<T>,
    object: NoInfer<T>,
    options: api.ApplyOptions = {},
  ): Promise<T> {
    return this.apply(resource, object, { ...options, subresource: 'status' });
  }

  async delete(resource: ResourceType, key: ObjectKey, options: api.DeleteOptions = {}): Promise<void> {
    try {
      await this.#json('delete', resource, 'DELETE', objectPath(resource, key), options, deleteBody(options));
    } catch (error) {
      if (!(options.ignoreNotFound === true && isNotFound(error))) throw error;
    }
  }

  async deleteCollection(
    resource: ResourceType,
    selection: api.Selection & { namespace: string },
    options: api.DeleteOptions = {},
  ): Promise<void> {
    const path = withQuery(collectionPath(resource, selection.namespace), selectors(selection));
    await this.#json('deletecollection', resource, 'DELETE', path, options, deleteBody(options));
  }

  async logs(pod: ObjectKey, options: api.LogOptions = {}): Promise<Readable> {
    const { signal, ...query } = options;
    const path = withQuery(objectPath(pods, pod, 'log'), query);
    return this.#calls.stream({ verb: 'logs', resource: 'pods/log', method: 'GET', path, signal });
  }

  async exec(pod: ObjectKey, options: ExecOptions): Promise<ExecResult> {
    const started = performance.now();
    const report = (code: number): void => this.#calls.report('exec', 'pods/exec', code, started);
    try {
      const result = await execInPod(this.transport, pod, options);
      report(101);
      return result;
    } catch (error) {
      report(error instanceof ApiError ? error.code : 0);
      throw error;
    }
  }

  async canI(
    question: api.AccessQuestion,
    options: api.CallOptions = {},
  ): Promise<{ allowed: boolean; reason: string }> {
    const review = complete(selfSubjectAccessReviews, {
      metadata: {},
      spec: { resourceAttributes: question },
    });
    const path = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews';
    const answer = await this.#json<{ status?: { allowed?: boolean; reason?: string } }>(
      'create',
      selfSubjectAccessReviews,
      'POST',
      path,
      options,
      review,
    );
    return { allowed: answer.status?.allowed === true, reason: answer.status?.reason ?? '' };
  }

  async createToken(
    serviceAccount: ObjectKey,
    request: { audiences?: string[]; expirationSeconds?: number } = {},
    options: api.CallOptions = {},
  ): Promise<{ token: string; expirationTimestamp: string }> {
    const body = {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      metadata: {},
      spec: request,
    };
    const path = objectPath(serviceAccounts, serviceAccount, 'token');
    const answer = await this.#json<{ status: { token: string; expirationTimestamp: string } }>(
      'create',
      { plural: 'serviceaccounts/token' },
      'POST',
      path,
      options,
      body,
    );
    return answer.status;
  }

  async raw<R = unknown>(
    method: string,
    path: string,
    options: api.CallOptions & { query?: Query; body?: unknown } = {},
  ): Promise<R> {
    return this.#json(
      'raw',
      { plural: path },
      method,
      withQuery(path, options.query ?? {}),
      options,
      options.body,
    );
  }

  close(): void {
    this.transport.close();
  }

  #write<T>(
    verb: string,
    resource: ResourceType,
    method: string,
    path: string,
    body: unknown,
    options: api.WriteOptions,
    type?: string,
    extra: Query = {},
  ): Promise<T> {
    const query: Query = {
      fieldManager: options.fieldManager ?? this.#fieldManager,
      dryRun: options.dryRun === true ? 'All' : undefined,
      ...extra,
    };
    const plural =
      options.subresource === undefined ? resource.plural : `${resource.plural}/${options.subresource}`;
    return this.#json(verb, { plural }, method, withQuery(path, query), options, body, type);
  }

  #json<R>(
    verb: string,
    { plural }: { plural: string },
    method: string,
    path: string,
    { signal }: api.CallOptions,
    body?: unknown,
    contentType?: string,
  ): Promise<R> {
    return this.#calls.json({ verb, resource: plural, method, path, signal, body, contentType });
  }
}

const selectors = ({ labelSelector, fieldSelector }: api.Selection): Query => ({
  labelSelector,
  fieldSelector,
});

const complete = <T extends KubeObject>(resource: ResourceType, object: T): T =>
  object.apiVersion !== undefined && object.kind !== undefined
    ? object
    : { ...object, apiVersion: apiVersionOf(resource), kind: resource.kind };

function deleteBody(options: api.DeleteOptions): object {
  const { gracePeriodSeconds, propagationPolicy, preconditions, dryRun } = options;
  return {
    apiVersion: 'v1',
    kind: 'DeleteOptions',
    ...(gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }),
    ...(propagationPolicy === undefined ? {} : { propagationPolicy }),
    ...(preconditions === undefined ? {} : { preconditions }),
    ...(dryRun === true ? { dryRun: ['All'] } : {}),
  };
}
