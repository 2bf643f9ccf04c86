import { ApiError, share, type KubeObject } from '@pgherd/kube/objects';
import { semanticEqual as sameObject } from '@pgherd/kube/patch';
import { applyBuiltinDefaults, equalJson, invalid, type FieldError } from '@pgherd/kube/schema';
import { createDecoded, placeInNamespace, store } from './create.ts';
import { decode, refuse, schemaErrors } from './decode.ts';
import type { ResourceDefinition, Surroundings } from './definition.ts';
import { semanticEqual } from './equal.ts';
import { badRequest, conflict, modified, notFound } from './errors.ts';
import { unsupportedFields } from './field-support.ts';
import { surroundings, type Kernel } from './kernel.ts';
import { recordUpdate } from './managed-fields.ts';
import { labelErrors, metadataErrors, metadataUpdateErrors } from './metadata.ts';
import { read } from './read.ts';
import type { WriteOptions } from './registry.ts';

/** Replaces an object (or its `status`) by what a client sent. */
export function update(
  kernel: Kernel,
  definition: ResourceDefinition,
  namespace: string | undefined,
  name: string,
  input: KubeObject,
  options: WriteOptions,
): KubeObject {
  const next = decode(definition, input, options);
  placeInNamespace(definition, namespace, next);
  const own = next.metadata.name;
  if (own === undefined || own === '') {
    throw badRequest(
      `the name of the object (${own ?? ''} based on URL) was undeterminable: name must be provided`,
    );
  }
  if (own !== name) {
    throw badRequest(`the name of the object (${own}) does not match the name on the URL (${name})`);
  }
  const old = read(kernel, definition, namespace, name);
  if (!old) {
    if (definition.strategy.createOnUpdate && options.subresource === undefined) {
      if (next.metadata.resourceVersion) throw notFound(definition, name);
      return createDecoded(kernel, definition, namespace, next, options);
    }
    throw notFound(definition, name);
  }
  return replace(kernel, definition, old, next, options);
}

/**
 * Puts `next` in place of `old`, under all the rules of an update: PUT and every PATCH end here.
 *
 * @param next decoded and private; is changed.
 * @param managed managedFields made by server-side apply; otherwise the write is recorded as an Update.
 */
export function replace(
  kernel: Kernel,
  definition: ResourceDefinition,
  old: KubeObject,
  next: KubeObject,
  options: WriteOptions,
  managed?: (object: KubeObject) => void,
): KubeObject {
  const { strategy } = definition;
  const around = surroundings(kernel, options);
  const name = old.metadata.name ?? '';
  checkPreconditions(definition, next, old);
  keepServerFields(next, old);
  if (definition.namespaced && next.metadata.namespace !== old.metadata.namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  }
  const toStatus = options.subresource === 'status';
  if (toStatus) isolateStatus(definition, next, old);
  else {
    if (definition.subresources.includes('status')) takeOver(next, old, 'status');
    strategy.prepareUpdate?.(next, old, around);
    strategy.admitUpdate?.(next, old, around);
    if (options.user) kernel.admit(definition, next, old, options.user);
  }
  if (strategy.generation && !toStatus && specChanged(definition, next, old)) {
    next.metadata.generation = (old.metadata.generation ?? 0) + 1;
  }
  refuse(definition, name, [
    ...(toStatus ? labelErrors(next.metadata) : metadataErrors(definition, next)),
    ...metadataUpdateErrors(next, old),
    ...schemaErrors(definition, next),
    ...(toStatus ? [] : unsupportedFields(definition, next)),
    ...(toStatus
      ? (strategy.validateStatus?.(next, old) ?? [])
      : [...(strategy.validate?.(next, around) ?? []), ...changeErrors(definition, next, old, around)]),
  ]);
  // From here on nothing in it changes any more but managedFields: what is as before is found at a glance.
  shareParts(next, old);
  if (managed) managed(next);
  else recordUpdate(kernel, definition, next, old, options);

  if (isReleased(definition, next)) {
    if (options.dryRun) return next;
    return release(kernel, definition, next);
  }
  // Nothing but the time of a manager's entry differs: no write, no event, no new resourceVersion.
  next.metadata.resourceVersion = old.metadata.resourceVersion ?? '';
  if (sameObject(old, next)) return old;
  return store(kernel, definition, next, options.dryRun ?? false);
}

/**
 * What may not change. An object that an earlier version stored lacks the defaults that came since; they are filled into
 * `next` like into every write, and are no change by the caller. Looked at only when something seems to have changed.
 */
function changeErrors(
  definition: ResourceDefinition,
  next: KubeObject,
  old: KubeObject,
  around: Surroundings,
): FieldError[] {
  const { validateUpdate } = definition.strategy;
  const errors = validateUpdate?.(next, old, around) ?? [];
  if (errors.length === 0 || definition.custom !== undefined) return errors;
  const today = structuredClone(old);
  applyBuiltinDefaults(today);
  return validateUpdate?.(next, today, around) ?? [];
}

function checkPreconditions(definition: ResourceDefinition, next: KubeObject, old: KubeObject): void {
  const name = old.metadata.name ?? '';
  const { uid, resourceVersion = '' } = next.metadata;
  if (uid !== undefined && uid !== '' && uid !== old.metadata.uid) {
    const why = `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${old.metadata.uid ?? ''}`;
    throw conflict(definition, name, why);
  }
  if (resourceVersion === '') {
    if (definition.strategy.unconditionalUpdate) return;
    refuse(definition, name, [
      { ...invalid('metadata.resourceVersion', 0, 'must be specified for an update'), value: 0 },
    ]);
  }
  if (resourceVersion !== '0' && resourceVersion !== '' && resourceVersion !== old.metadata.resourceVersion) {
    if (!/^\d+$/.test(resourceVersion)) {
      throw new ApiError(
        400,
        'BadRequest',
        `metadata.resourceVersion: Invalid value: "${resourceVersion}": must be an unsigned integer`,
      );
    }
    throw modified(definition, name);
  }
}

/** What only the server sets: taken over in silence, except for a deletion that is none (`metadataUpdateErrors`). */
function keepServerFields(next: KubeObject, old: KubeObject): void {
  const { metadata } = next;
  for (const key of ['name', 'uid', 'creationTimestamp', 'generation', 'generateName'] as const) {
    if (old.metadata[key] === undefined) delete metadata[key];
    else Object.assign(metadata, { [key]: old.metadata[key] });
  }
  const { deletionTimestamp, deletionGracePeriodSeconds } = old.metadata;
  if (deletionTimestamp !== undefined) metadata.deletionTimestamp = deletionTimestamp;
  if (deletionGracePeriodSeconds !== undefined) {
    metadata.deletionGracePeriodSeconds ??= deletionGracePeriodSeconds;
  }
}

function shareParts(next: KubeObject, old: KubeObject): void {
  for (const key of Object.keys(next)) {
    // Assigning to a member called `__proto__` would do something else.
    if (key !== 'metadata' && key !== '__proto__') next[key] = share(next[key], old[key]);
  }
  for (const key of ['labels', 'annotations', 'ownerReferences', 'finalizers'] as const) {
    const part = next.metadata[key];
    if (part !== undefined) Object.assign(next.metadata, { [key]: share(part, old.metadata[key]) });
  }
}

function takeOver(next: KubeObject, old: KubeObject, field: string): void {
  if (old[field] === undefined) delete next[field];
  else next[field] = structuredClone(old[field]);
}

/** A write to `status` changes status alone; of a custom resource not even metadata (besides managedFields). */
function isolateStatus(definition: ResourceDefinition, next: KubeObject, old: KubeObject): void {
  for (const field of new Set([...Object.keys(next), ...Object.keys(old)])) {
    if (['status', 'metadata', 'apiVersion', 'kind'].includes(field)) continue;
    // Nothing changes it on this way, so that it needs no copy.
    if (old[field] === undefined) delete next[field];
    else next[field] = old[field];
  }
  if (definition.custom) {
    const { managedFields } = next.metadata;
    next.metadata = structuredClone(old.metadata);
    if (managedFields) next.metadata.managedFields = managedFields;
    else delete next.metadata.managedFields;
  } else {
    // Neither can a writer of status take an object out of its owner's or its finalizers' hands.
    for (const key of ['ownerReferences', 'finalizers'] as const) {
      if (old.metadata[key] === undefined) delete next.metadata[key];
      else Object.assign(next.metadata, { [key]: structuredClone(old.metadata[key]) });
    }
  }
}

function specChanged(definition: ResourceDefinition, next: KubeObject, old: KubeObject): boolean {
  const ignored = ['metadata', 'apiVersion', 'kind'];
  if (!definition.strategy.statusCounts) ignored.push('status');
  const fields = new Set([...Object.keys(next), ...Object.keys(old)].filter((f) => !ignored.includes(f)));
  // Go's types cannot tell an empty list from none; a custom resource has none, and each key of a map counts.
  const isEqual = definition.custom === undefined ? semanticEqual : equalJson;
  return [...fields].some((field) => !isEqual(next[field], old[field]));
}

/** Was the object only waiting for its finalizers, and are they gone now? */
export function isReleased(definition: ResourceDefinition, object: KubeObject): boolean {
  const { deletionTimestamp, deletionGracePeriodSeconds = 0, finalizers = [] } = object.metadata;
  if (!deletionTimestamp || finalizers.length > 0 || deletionGracePeriodSeconds > 0) return false;
  return !definition.strategy.heldBack?.(object);
}

/** Removes an object whose last finalizer went; the event shows it without. */
export function release(kernel: Kernel, definition: ResourceDefinition, object: KubeObject): KubeObject {
  const { name = '', namespace = '' } = object.metadata;
  const stored = definition.strategy.toStorage?.(object) ?? object;
  return kernel.store.remove(definition.storage, namespace, name, stored) ?? object;
}
