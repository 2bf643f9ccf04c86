import type { IncomingMessage } from 'node:http';
import { ApiError, type KubeObject } from '@pgherd/kube/objects';
import { strictDecodingError } from '@pgherd/kube/schema';
import { badRequest, methodNotAllowed, notServed } from '../registry/errors.ts';
import type { ResourceDefinition } from '../registry/index.ts';
import type { PatchType, User, WriteOptions } from '../registry/registry.ts';
import { attributesOf, authorizeOrThrow } from './access.ts';
import { decodeBody, readBody, unsupportedMediaType, type DecodedBody } from './body.ts';
import { negotiate, parseMediaType } from './media-type.ts';
import { streamLog } from './pod-log.ts';
import {
  flag,
  integer,
  parseDeleteOptions,
  parseListOptions,
  parseWatchOptions,
  parseWriteOptions,
} from './query.ts';
import { Presenter } from './representation.ts';
import type { ResourcePath } from './request-path.ts';
import type { Answer } from './respond.ts';
import { answerReview, requestToken } from './reviews.ts';
import type { ApiServerOptions } from './server-options.ts';
import { virtualResources } from './virtual-resources.ts';
import type { WatchStreams } from './watch-stream.ts';

/** One request on a resource. */
export interface ResourceRequest {
  path: ResourcePath;
  query: URLSearchParams;
  user: User;
  request: IncomingMessage;
  answer: Answer;
}

const patchTypes: PatchType[] = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
  'application/apply-patch+yaml',
];

/** Subresources of pods that need a connection of their own. */
const upgraded = new Set(['exec', 'attach', 'portforward']);

/** The API verb of a request, as authorization and discovery name it. */
export function verbOf(method: string, path: ResourcePath, query: URLSearchParams): string {
  switch (method) {
    case 'POST':
      return 'create';
    case 'PUT':
      return 'update';
    case 'PATCH':
      return 'patch';
    case 'DELETE':
      return path.name === undefined ? 'deletecollection' : 'delete';
    case 'GET':
    case 'HEAD':
      if (path.watch || (path.name === undefined && flag(query, 'watch'))) return 'watch';
      return path.name === undefined ? 'list' : 'get';
    default:
      return method.toLowerCase();
  }
}

/** Carries out requests on resources; failures are thrown. */
export class ResourceHandler {
  readonly #options: ApiServerOptions;
  readonly #watches: WatchStreams;

  constructor(options: ApiServerOptions, watches: WatchStreams) {
    this.#options = options;
    this.#watches = watches;
  }

  async handle(context: ResourceRequest): Promise<void> {
    const { path, query, user, request, answer } = context;
    const verb = verbOf(request.method ?? 'GET', path, query);
    authorizeOrThrow(this.#options, attributesOf(user, path, verb, query));
    const virtual = virtualResources.find(
      (v) => v.group === path.group && v.version === path.version && v.plural === path.plural,
    );
    if (virtual) {
      if (verb !== 'create' || path.name !== undefined) throw notAllowed();
      const { value } = await this.#body(context);
      answer.send(201, answerReview(this.#options, virtual, user, path.namespace, asObject(value)));
      return;
    }
    const definition = this.#definition(path);
    if (definition.custom?.deprecation) answer.warn(definition.custom.deprecation);
    if (path.subresource !== undefined && !definition.subresources.includes(path.subresource)) {
      throw notServed();
    }
    const presenter = this.#presenter(context);
    switch (verb) {
      case 'get':
        return this.#get(context, definition, presenter);
      case 'list': {
        const result = this.#options.registry.list(definition, parseListOptions(query, path.namespace));
        answer.send(200, presenter.list(definition, result));
        return;
      }
      case 'watch':
        return this.#watch(context, definition, presenter);
      case 'create':
        return this.#create(context, definition, presenter);
      case 'update':
        return this.#update(context, definition, presenter);
      case 'patch':
        return this.#patch(context, definition, presenter);
      case 'delete':
      case 'deletecollection':
        return this.#delete(context, definition, presenter, verb);
      default:
        throw notAllowed();
    }
  }

  #definition(path: ResourcePath): ResourceDefinition {
    const definition = this.#options.registry.definition(path);
    if (!definition) throw notServed();
    // A namespaced resource has names only within a namespace, a cluster-scoped one only outside.
    if (
      definition.namespaced
        ? path.name !== undefined && path.namespace === undefined
        : path.namespace !== undefined
    ) {
      throw notServed();
    }
    return definition;
  }

  #presenter({ request, query, answer }: ResourceRequest): Presenter {
    const { toTable } = this.#options;
    let representation = negotiate(request.headers.accept);
    if (representation?.as === 'Table' && !toTable) representation = { encoding: representation.encoding };
    if (!representation) {
      // Logs are text, whatever is accepted.
      const text = 'only the following media types are accepted: application/json, application/yaml';
      throw new ApiError(406, 'NotAcceptable', text);
    }
    answer.encoding = representation.encoding;
    answer.pretty = prettyWanted(query, request);
    return new Presenter(representation, toTable, query.get('includeObject'));
  }

  async #get(context: ResourceRequest, definition: ResourceDefinition, presenter: Presenter): Promise<void> {
    const { path, query, request, answer } = context;
    const { registry } = this.#options;
    const name = path.name ?? '';
    if (path.subresource === 'log') {
      const pod = registry.get(definition, path.namespace, name);
      return streamLog(this.#options, pod, query, request, answer);
    }
    if (upgraded.has(path.subresource ?? '')) throw badRequest('Upgrade request required');
    const { subresource } = path;
    const object = registry.get(definition, path.namespace, name, subresource ? { subresource } : {});
    answer.send(200, subresource === 'scale' ? object : presenter.one(definition, object));
  }

  #watch(context: ResourceRequest, definition: ResourceDefinition, presenter: Presenter): void {
    const { path, query, request, answer } = context;
    const options = parseWatchOptions(query, path.namespace);
    if (path.name !== undefined) options.fieldSelector = `metadata.name=${path.name}`;
    const timeout = integer(query, 'timeoutSeconds');
    answer.warningHeaders();
    const { registry } = this.#options;
    this.#watches.serve(registry, definition, options, timeout, presenter, request, answer.response);
  }

  async #create(
    context: ResourceRequest,
    definition: ResourceDefinition,
    presenter: Presenter,
  ): Promise<void> {
    const { path, user, answer } = context;
    const { registry } = this.#options;
    if (path.name !== undefined && path.subresource === undefined) throw notAllowed();
    if (upgraded.has(path.subresource ?? '')) throw badRequest('Upgrade request required');
    const options = this.#writeOptions(context);
    const body = await this.#body(context);
    const object = asObject(body.value);
    if (path.subresource === 'token') {
      answer.send(201, requestToken(this.#options, path.namespace ?? '', path.name ?? '', object));
      return;
    }
    this.#duplicates(definition, body, options);
    if (path.subresource !== undefined) {
      const { subresource, name = '' } = path;
      const named = { ...object, metadata: { ...object.metadata, name } };
      const made = await registry.batched(() =>
        registry.create(definition, path.namespace, named, { ...options, user, subresource }),
      );
      answer.send(201, made);
      return;
    }
    const created = await registry.batched(() =>
      registry.create(definition, path.namespace, object, { ...options, user }),
    );
    answer.send(201, presenter.one(definition, created));
  }

  async #update(
    context: ResourceRequest,
    definition: ResourceDefinition,
    presenter: Presenter,
  ): Promise<void> {
    const { path, user, answer } = context;
    const { registry } = this.#options;
    const { name, namespace } = path;
    if (name === undefined) throw notAllowed();
    const options: WriteOptions = { ...this.#writeOptions(context), user };
    if (path.subresource !== undefined) options.subresource = path.subresource;
    const body = await this.#body(context);
    this.#duplicates(definition, body, options);
    const { existed, object } = await registry.batched(() => ({
      existed: this.#exists(definition, path),
      object: registry.update(definition, namespace, name, asObject(body.value), options),
    }));
    answer.send(
      existed ? 200 : 201,
      path.subresource === 'scale' ? object : presenter.one(definition, object),
    );
  }

  async #patch(
    context: ResourceRequest,
    definition: ResourceDefinition,
    presenter: Presenter,
  ): Promise<void> {
    const { path, query, user, request, answer } = context;
    const { registry } = this.#options;
    const { name, namespace } = path;
    if (name === undefined) throw notAllowed();
    const { type } = parseMediaType(request.headers['content-type'] ?? '');
    const accepted = definition.custom ? patchTypes.filter((t) => !t.includes('strategic')) : patchTypes;
    const patchType = accepted.find((known) => known === type);
    if (!patchType) throw unsupportedMediaType(accepted);
    const apply = patchType === 'application/apply-patch+yaml';
    if (apply && !query.get('fieldManager')) {
      throw badRequest(
        'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch',
      );
    }
    if (!apply && flag(query, 'force')) {
      throw badRequest(
        'PatchOptions.meta.k8s.io "" is invalid: force: Forbidden: may not be specified for non-apply patch',
      );
    }
    const options: WriteOptions = { ...this.#writeOptions(context), user };
    if (path.subresource !== undefined) options.subresource = path.subresource;
    const body = decodeBody(await readBody(request), type);
    this.#duplicates(definition, body, options);
    const { existed, object } = await registry.batched(() => ({
      existed: this.#exists(definition, path),
      object: registry.patch(definition, namespace, name, patchType, body.value, options),
    }));
    answer.send(
      existed ? 200 : 201,
      path.subresource === 'scale' ? object : presenter.one(definition, object),
    );
  }

  async #delete(
    context: ResourceRequest,
    definition: ResourceDefinition,
    presenter: Presenter,
    verb: 'delete' | 'deletecollection',
  ): Promise<void> {
    const { path, query, user, answer } = context;
    const { registry } = this.#options;
    if (path.subresource !== undefined) throw notAllowed();
    const { value } = await this.#body(context);
    const options = { ...parseDeleteOptions(query, value), user, warn: answer.warn };
    if (verb === 'deletecollection') {
      const selection = parseListOptions(query, path.namespace);
      const deleted = await registry.batched(() => registry.deleteCollection(definition, selection, options));
      answer.send(200, presenter.list(definition, deleted));
      return;
    }
    const name = path.name ?? '';
    const { object, gone } = await registry.batched(() =>
      registry.remove(definition, path.namespace, name, options),
    );
    if (!gone || definition.strategy.returnDeleted) {
      answer.send(200, presenter.one(definition, object));
      return;
    }
    const { group, plural } = definition;
    answer.send(200, {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Success',
      details: { name, ...(group === '' ? {} : { group }), kind: plural, uid: object.metadata.uid },
    });
  }

  #exists(definition: ResourceDefinition, { namespace = '', name = '' }: ResourcePath): boolean {
    return this.#options.registry.store.get(definition.storage, namespace, name) !== undefined;
  }

  #writeOptions({ query, request, answer }: ResourceRequest): WriteOptions {
    return parseWriteOptions(query, request.headers['user-agent'], answer.warn);
  }

  async #body({ request }: ResourceRequest): Promise<DecodedBody> {
    const body = await readBody(request);
    if (body.length === 0) return { value: undefined, duplicates: [] };
    return decodeBody(body, request.headers['content-type']);
  }

  #duplicates(definition: ResourceDefinition, { duplicates }: DecodedBody, options: WriteOptions): void {
    if (duplicates.length === 0 || options.fieldValidation === 'Ignore') return;
    const messages = duplicates.map((path) => `duplicate field "${path}"`);
    if (options.fieldValidation === 'Strict') throw strictDecodingError(definition, messages);
    for (const message of messages) options.warn?.(message);
  }
}

function asObject(value: unknown): KubeObject {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw badRequest('the request needs an object as its body');
  }
  const object = value as KubeObject;
  return object.metadata === undefined ? { ...object, metadata: {} } : object;
}

function notAllowed(): ApiError {
  return methodNotAllowed('the server does not allow this method on the requested resource');
}

/** Browsers and curl get indented JSON, as from Kubernetes. */
function prettyWanted(query: URLSearchParams, request: IncomingMessage): boolean {
  if (query.has('pretty')) return flag(query, 'pretty');
  return /^(curl|Wget|Mozilla\/5\.0)/.test(request.headers['user-agent'] ?? '');
}
