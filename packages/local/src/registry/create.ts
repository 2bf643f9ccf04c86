import type { KubeObject } from '@pgherd/kube/objects';
import { decode, refuse, schemaErrors } from './decode.ts';
import type { ResourceDefinition } from './definition.ts';
import { alreadyExists, badRequest, forbidden, notFound } from './errors.ts';
import { unsupportedFields } from './field-support.ts';
import { generatedName, newUid, surroundings, timestamp, type Kernel } from './kernel.ts';
import { recordUpdate } from './managed-fields.ts';
import { metadataErrors } from './metadata.ts';
import type { WriteOptions } from './registry.ts';

/** Attempts at a free generated name. */
const nameAttempts = 8;

/** Creates an object from what a client sent. */
export function create(
  kernel: Kernel,
  definition: ResourceDefinition,
  namespace: string | undefined,
  input: KubeObject,
  options: WriteOptions,
): KubeObject {
  return createDecoded(kernel, definition, namespace, decode(definition, input, options), options);
}

/**
 * The same for an object that is decoded and private already.
 *
 * @param managed managedFields made by server-side apply; otherwise the write is recorded as an Update.
 */
export function createDecoded(
  kernel: Kernel,
  definition: ResourceDefinition,
  namespace: string | undefined,
  object: KubeObject,
  options: WriteOptions,
  managed?: (object: KubeObject) => void,
): KubeObject {
  const { strategy } = definition;
  const around = surroundings(kernel, options);
  const { metadata } = object;
  if (metadata.resourceVersion !== undefined && metadata.resourceVersion !== '') {
    throw badRequest('resourceVersion should not be set on objects to be created');
  }
  placeInNamespace(definition, namespace, object);
  const generated = !metadata.name && metadata.generateName;
  if (generated) metadata.name = generatedName(metadata.generateName ?? '');
  delete metadata.deletionTimestamp;
  delete metadata.deletionGracePeriodSeconds;
  delete metadata.resourceVersion;
  delete metadata.generation;
  metadata.uid = newUid();
  metadata.creationTimestamp = timestamp(kernel.clock.now());
  if (strategy.generation) metadata.generation = 1;
  if (definition.subresources.includes('status') && !strategy.prepareCreate) delete object['status'];
  requireNamespace(kernel, definition, object);
  strategy.prepareCreate?.(object, around);
  // What admission adds belongs to nobody.
  if (!managed) recordUpdate(kernel, definition, object, undefined, options);
  strategy.admitCreate?.(object, around);
  if (options.user) kernel.admit(definition, object, undefined, options.user);
  refuse(definition, metadata.name ?? '', [
    ...metadataErrors(definition, object),
    ...schemaErrors(definition, object),
    ...unsupportedFields(definition, object),
    ...(strategy.validateCreate?.(object) ?? []),
    ...(strategy.validate?.(object, around) ?? []),
  ]);
  managed?.(object);

  for (let attempt = 1; ; attempt++) {
    const name = metadata.name ?? '';
    if (!kernel.store.get(definition.storage, metadata.namespace ?? '', name)) break;
    if (!generated || attempt === nameAttempts) throw alreadyExists(definition, name);
    metadata.name = generatedName(metadata.generateName ?? '');
  }
  return store(kernel, definition, object, options.dryRun ?? false);
}

/** Writes `object` under a new resourceVersion and answers it in the version that was asked for. */
export function store(
  kernel: Kernel,
  definition: ResourceDefinition,
  object: KubeObject,
  dryRun: boolean,
): KubeObject {
  if (dryRun) return object;
  const { strategy } = definition;
  const { name = '', namespace = '' } = object.metadata;
  const stored = kernel.store.put(definition.storage, namespace, name, (revision) => {
    object.metadata.resourceVersion = String(revision);
    return strategy.toStorage ? strategy.toStorage(object) : object;
  });
  return strategy.fromStorage ? strategy.fromStorage(stored) : stored;
}

/** Takes the namespace of the URL over, and refuses another one. */
export function placeInNamespace(
  definition: ResourceDefinition,
  namespace: string | undefined,
  object: KubeObject,
): void {
  if (!definition.namespaced) {
    delete object.metadata.namespace;
    return;
  }
  const own = object.metadata.namespace;
  if (own === undefined || own === '') {
    if (namespace !== undefined) object.metadata.namespace = namespace;
  } else if (namespace !== undefined && own !== namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  }
  if (!object.metadata.namespace) {
    throw badRequest(`an empty namespace may not be set during creation`);
  }
}

/** Nothing is created in a namespace that does not exist or goes. */
function requireNamespace(kernel: Kernel, definition: ResourceDefinition, object: KubeObject): void {
  if (!definition.namespaced) return;
  const name = object.metadata.namespace ?? '';
  const namespace = kernel.store.get('namespaces', '', name);
  if (!namespace) throw notFound({ group: '', plural: 'namespaces' }, name);
  if (namespace.metadata.deletionTimestamp) {
    const why = `unable to create new content in namespace ${name} because it is being terminated`;
    throw forbidden(definition, object.metadata.name ?? '', why, [
      {
        reason: 'NamespaceTerminating',
        message: `namespace ${name} is being terminated`,
        field: 'metadata.namespace',
      },
    ]);
  }
}
