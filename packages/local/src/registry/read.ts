import { parseFieldSelector, parseLabelSelector, type KubeObject } from '@pgherd/kube/objects';
import type { ResourceDefinition } from './definition.ts';
import { badRequest, expired, notFound, tooLargeResourceVersion, tooOldResourceVersion } from './errors.ts';
import type { Kernel } from './kernel.ts';
import type { ListOptions, ListResult } from './registry.ts';
import { parseSelectors } from './selectors.ts';
import { deepFreeze, type Narrowing } from '../store/index.ts';

/** How a list relates to `resourceVersion`; Kubernetes' own values. */
export interface ReadOptions extends ListOptions {
  limit?: number;
  continue?: string;
  resourceVersion?: string;
  resourceVersionMatch?: 'Exact' | 'NotOlderThan';
  /** For callers inside: only these, found without looking at the others. */
  narrowing?: Narrowing;
}

/** One object in the asked version, or undefined. */
export function read(
  kernel: Kernel,
  definition: ResourceDefinition,
  namespace: string | undefined,
  name: string,
): KubeObject | undefined {
  if (definition.namespaced && namespace === undefined) throw badRequest('a namespace must be given');
  const object = kernel.store.get(definition.storage, definition.namespaced ? (namespace ?? '') : '', name);
  return object && toVersion(definition, object);
}

export function readOrThrow(
  kernel: Kernel,
  definition: ResourceDefinition,
  namespace: string | undefined,
  name: string,
): KubeObject {
  const object = read(kernel, definition, namespace, name);
  if (!object) throw notFound(definition, name);
  return object;
}

/** What is stored, as this version shows it. */
export function toVersion(definition: ResourceDefinition, object: KubeObject): KubeObject {
  const convert = definition.strategy.fromStorage;
  return convert ? deepFreeze(convert(object)) : object;
}

/** The fields that may be selected by. */
export function selectableFields(
  definition: ResourceDefinition,
): (object: KubeObject) => Record<string, string> {
  return (object) => ({
    'metadata.name': object.metadata.name ?? '',
    ...(definition.namespaced ? { 'metadata.namespace': object.metadata.namespace ?? '' } : {}),
    ...definition.strategy.fields?.(object),
  });
}

interface Continuation {
  revision: number;
  /** Key of the last object that was answered. */
  after: string;
}

/** Lists from memory; from the event table when an older snapshot is asked for. */
export function list(kernel: Kernel, definition: ResourceDefinition, options: ReadOptions): ListResult {
  const matches = parseSelectors(options, selectableFields(definition));
  const continuation = options.continue ? decodeContinue(options.continue) : undefined;
  const revision = snapshotRevision(kernel, options, continuation);
  const namespace = definition.namespaced ? options.namespace : undefined;
  let items =
    revision === kernel.store.revision
      ? kernel.store.list(definition.storage, namespace, narrowingOf(options))
      : kernel.store.listAt(definition.storage, namespace, revision);
  if (definition.strategy.fromStorage) items = items.map((item) => toVersion(definition, item));
  if (matches) items = items.filter(matches);
  if (continuation) items = items.filter((item) => keyOf(item) > continuation.after);
  const resourceVersion = String(revision);
  const limit = options.limit ?? 0;
  if (limit <= 0 || items.length <= limit) return { resourceVersion, items: [...items] };
  const page = items.slice(0, limit);
  const last = page.at(-1);
  return {
    resourceVersion,
    items: page,
    continue: encodeContinue({ revision, after: last ? keyOf(last) : '' }),
    // Kubernetes does not count under a selector.
    ...(matches ? {} : { remainingItemCount: items.length - page.length }),
  };
}

/** A name and labels that the selectors want as they are need not be looked for in all objects. */
function narrowingOf({ narrowing, labelSelector = '', fieldSelector = '' }: ReadOptions): Narrowing {
  if (narrowing !== undefined) return narrowing;
  const equal = parseLabelSelector(labelSelector).filter(
    ({ operator, values }) => operator === 'In' && values.length === 1,
  );
  const name = parseFieldSelector(fieldSelector).find((each) => each.equal && each.field === 'metadata.name');
  return {
    ...(equal.length === 0
      ? {}
      : { labels: Object.fromEntries(equal.map(({ key, values }) => [key, values[0] ?? ''])) }),
    ...(name === undefined ? {} : { name: name.value }),
  };
}

function keyOf(object: KubeObject): string {
  return `${object.metadata.namespace ?? ''}/${object.metadata.name ?? ''}`;
}

function snapshotRevision(kernel: Kernel, options: ReadOptions, continuation?: Continuation): number {
  const { store } = kernel;
  if (continuation) {
    if (options.resourceVersion && options.resourceVersion !== '0') {
      throw badRequest('specifying resource version is not allowed when using continue');
    }
    if (continuation.revision > store.revision) {
      throw tooLargeResourceVersion(continuation.revision, store.revision);
    }
    if (continuation.revision < store.compacted) {
      throw expired(
        'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter.',
      );
    }
    return continuation.revision;
  }
  const text = options.resourceVersion ?? '';
  if (options.resourceVersionMatch && text === '') {
    throw badRequest('resourceVersionMatch is forbidden unless resourceVersion is provided');
  }
  if (text === '') return store.revision;
  if (!/^\d+$/.test(text))
    throw badRequest(`invalid resource version "${text}": must be an unsigned integer`);
  const asked = Number(text);
  if (asked > store.revision) throw tooLargeResourceVersion(asked, store.revision);
  if (options.resourceVersionMatch === 'Exact') {
    if (asked === 0) throw badRequest('resourceVersionMatch "Exact" is forbidden for resourceVersion "0"');
    if (asked < store.compacted) throw tooOldResourceVersion(asked, store.compacted);
    return asked;
  }
  // A legacy paged read at a version means exactly that version.
  if (!options.resourceVersionMatch && options.limit && asked > 0) {
    if (asked < store.compacted) throw tooOldResourceVersion(asked, store.compacted);
    return asked;
  }
  return store.revision;
}

function encodeContinue(continuation: Continuation): string {
  return Buffer.from(JSON.stringify({ v: 'pgherd/v1', ...continuation })).toString('base64url');
}

function decodeContinue(text: string): Continuation {
  try {
    const value = JSON.parse(Buffer.from(text, 'base64url').toString('utf8')) as Continuation & {
      v?: string;
    };
    if (value.v === 'pgherd/v1' && Number.isInteger(value.revision) && typeof value.after === 'string') {
      return value;
    }
  } catch {
    // Answered below like any other token that is not ours.
  }
  throw badRequest('continue key is not valid');
}
