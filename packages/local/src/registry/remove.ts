import type { KubeObject } from '@pgherd/kube/objects';
import { store } from './create.ts';
import type { ResourceDefinition } from './definition.ts';
import { conflict } from './errors.ts';
import { surroundings, timestamp, type Kernel } from './kernel.ts';
import { list, read, readOrThrow } from './read.ts';
import type { DeleteOptions, ListOptions, ListResult } from './registry.ts';
import { isReleased, release } from './update.ts';

export interface Removal {
  object: KubeObject;
  /** False: it waits for finalizers or for its grace period. */
  gone: boolean;
}

const orphanFinalizer = 'orphan';
const foregroundFinalizer = 'foregroundDeletion';

/** Deletes, or marks for deletion what has finalizers or time to end. */
export function remove(
  kernel: Kernel,
  definition: ResourceDefinition,
  namespace: string | undefined,
  name: string,
  options: DeleteOptions,
): Removal {
  const old = readOrThrow(kernel, definition, namespace, name);
  checkPreconditions(definition, old, options);
  // Kubernetes reads a negative period as one second.
  if ((options.gracePeriodSeconds ?? 0) < 0) options = { ...options, gracePeriodSeconds: 1 };
  definition.strategy.admitDelete?.(old, surroundings(kernel, options));
  const next = structuredClone(old);
  setPropagation(next, options.propagationPolicy ?? defaultPropagation(definition, next, options));
  markDeleted(kernel, definition, next, options);
  if (isReleased(definition, next)) {
    if (options.dryRun) return { object: next, gone: true };
    return { object: release(kernel, definition, unmarked(next, old)), gone: true };
  }
  if (JSON.stringify(next) === JSON.stringify(old)) return { object: old, gone: false };
  return { object: store(kernel, definition, next, options.dryRun ?? false), gone: false };
}

/** What is deleted at once shows in its event as it was, without a deletionTimestamp. */
function unmarked(next: KubeObject, old: KubeObject): KubeObject {
  return old.metadata.deletionTimestamp ? next : old;
}

export function removeCollection(
  kernel: Kernel,
  definition: ResourceDefinition,
  selection: ListOptions,
  options: DeleteOptions,
): ListResult {
  const found = list(kernel, definition, selection);
  const items: KubeObject[] = [];
  for (const item of found.items) {
    const { name = '', namespace } = item.metadata;
    // An earlier one may have taken it along.
    if (!read(kernel, definition, namespace, name)) continue;
    items.push(remove(kernel, definition, namespace, name, options).object);
  }
  return { resourceVersion: String(kernel.store.revision), items };
}

function checkPreconditions(definition: ResourceDefinition, old: KubeObject, options: DeleteOptions): void {
  const { uid, resourceVersion } = options.preconditions ?? {};
  const name = old.metadata.name ?? '';
  if (uid !== undefined && uid !== old.metadata.uid) {
    const why = `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${old.metadata.uid ?? ''}`;
    throw conflict(definition, name, why);
  }
  if (resourceVersion !== undefined && resourceVersion !== old.metadata.resourceVersion) {
    const why = `Precondition failed: ResourceVersion in precondition: ${resourceVersion}, ResourceVersion in object meta: ${old.metadata.resourceVersion ?? ''}`;
    throw conflict(definition, name, why);
  }
}

/** What an earlier deletion asked for stands; else the kind decides. */
function defaultPropagation(
  { strategy }: ResourceDefinition,
  { metadata }: KubeObject,
  { warn }: DeleteOptions,
): DeleteOptions['propagationPolicy'] {
  if (strategy.orphansDependents === undefined) return undefined;
  warn?.(strategy.orphansDependents);
  const asked = [orphanFinalizer, foregroundFinalizer].some((each) => metadata.finalizers?.includes(each));
  return asked ? undefined : 'Orphan';
}

/** The finalizers that tell the garbage collector what to do with dependents. */
function setPropagation(object: KubeObject, policy: DeleteOptions['propagationPolicy']): void {
  if (policy === undefined) return;
  const others = (object.metadata.finalizers ?? []).filter(
    (f) => f !== orphanFinalizer && f !== foregroundFinalizer,
  );
  if (policy === 'Orphan') others.push(orphanFinalizer);
  if (policy === 'Foreground') others.push(foregroundFinalizer);
  if (others.length > 0) object.metadata.finalizers = others;
  else delete object.metadata.finalizers;
}

function markDeleted(
  kernel: Kernel,
  definition: ResourceDefinition,
  object: KubeObject,
  options: DeleteOptions,
): void {
  const { metadata } = object;
  const { strategy } = definition;
  const wanted = strategy.graceSeconds?.(object, options) ?? 0;
  if (metadata.deletionTimestamp) {
    // A second deletion can only shorten the grace period.
    const current = metadata.deletionGracePeriodSeconds ?? 0;
    const shorter = options.gracePeriodSeconds ?? current;
    if (!strategy.graceSeconds || shorter >= current) return;
    const end = Date.parse(metadata.deletionTimestamp) - (current - shorter) * 1000;
    metadata.deletionTimestamp = timestamp(end);
    metadata.deletionGracePeriodSeconds = shorter;
    return;
  }
  metadata.deletionTimestamp = timestamp(kernel.clock.now() + wanted * 1000);
  metadata.deletionGracePeriodSeconds = wanted;
  if (metadata.generation !== undefined) metadata.generation++;
  strategy.prepareDelete?.(object);
}
