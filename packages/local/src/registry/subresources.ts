import type { KubeObject } from '@pgherd/kube/objects';
import { serverSideApply } from '@pgherd/kube/patch';
import { invalid, invalidError } from '@pgherd/kube/schema';
import { store } from './create.ts';
import type { ResourceDefinition } from './definition.ts';
import { badRequest, conflict, methodNotAllowed, modified, notServed } from './errors.ts';
import { decode, schemaOf } from './decode.ts';
import { timestamp, type Kernel } from './kernel.ts';
import { ignoredFields } from './managed-fields.ts';
import { readOrThrow } from './read.ts';
import type { WriteOptions } from './registry.ts';
import { evict } from './eviction.ts';
import { decodeForSubresource } from './subresource-kinds.ts';
import { isReleased, release, replace } from './update.ts';

interface ScaleSpec {
  replicas?: number;
  selector?: Selector;
}

interface Selector {
  matchLabels?: Record<string, string>;
  matchExpressions?: { key: string; operator: string; values?: string[] }[];
}

/** `status` and `scale` can be read; others have a verb of their own or none. */
export function readSubresource(
  definition: ResourceDefinition,
  object: KubeObject,
  subresource: string,
): KubeObject {
  if (!definition.subresources.includes(subresource)) throw notServed();
  if (subresource === 'status') return object;
  if (subresource === 'scale') return scaleOf(object);
  throw methodNotAllowed('the server does not allow this method on the requested resource');
}

/** What a PUT to `finalize` may change. */
type Finalized = KubeObject & { spec?: { finalizers?: string[] } };

/** PUT to `finalize` (namespaces) or `scale` (of what keeps pods running). */
export function writeSubresource(
  kernel: Kernel,
  definition: ResourceDefinition,
  namespace: string | undefined,
  name: string,
  input: KubeObject,
  options: WriteOptions,
): KubeObject {
  const subresource = options.subresource ?? '';
  if (!definition.subresources.includes(subresource)) throw notServed();
  const old = readOrThrow(kernel, definition, namespace, name);
  if (subresource === 'scale') return writeScale(kernel, definition, old, input, options);
  if (subresource !== 'finalize') {
    throw methodNotAllowed('the server does not allow this method on the requested resource');
  }
  const { spec, metadata } = decode(definition, input, options) as Finalized;
  const version = metadata.resourceVersion;
  if (version && version !== old.metadata.resourceVersion) throw modified(definition, name);
  const next = structuredClone(old);
  next['spec'] = { ...(next['spec'] as object | undefined), finalizers: spec?.finalizers ?? [] };
  if (isReleased(definition, next)) return release(kernel, definition, next);
  return store(kernel, definition, next, options.dryRun ?? false);
}

/** The `Scale` object of a StatefulSet, Deployment or ReplicaSet. */
export function scaleOf(object: KubeObject): KubeObject {
  const spec = (object['spec'] ?? {}) as ScaleSpec;
  const status = (object['status'] ?? {}) as { replicas?: number };
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: JSON.parse(JSON.stringify({ name, namespace, uid, resourceVersion, creationTimestamp })),
    spec: { replicas: spec.replicas ?? 0 },
    status: { replicas: status.replicas ?? 0, selector: selectorText(spec.selector ?? {}) },
  };
}

/** The selector as a query has it, its requirements in the order of their keys. */
function selectorText({ matchLabels = {}, matchExpressions = [] }: Selector): string {
  const requirements = [
    ...Object.entries(matchLabels).map(([key, value]) => ({ key, text: `${key}=${value}` })),
    ...matchExpressions.map(({ key, operator, values = [] }) => {
      if (operator === 'Exists') return { key, text: key };
      if (operator === 'DoesNotExist') return { key, text: `!${key}` };
      const word = operator === 'NotIn' ? 'notin' : 'in';
      return { key, text: `${key} ${word} (${[...values].sort().join(',')})` };
    }),
  ];
  return requirements
    .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
    .map(({ text }) => text)
    .join(',');
}

/** Takes the number of replicas over from a `Scale` object. */
export function writeScale(
  kernel: Kernel,
  definition: ResourceDefinition,
  old: KubeObject,
  input: KubeObject,
  options: WriteOptions,
): KubeObject {
  const scale = decodeForSubresource('Scale', input, options);
  checkScale(definition, old, scale);
  const replicas = replicasOf(old, scale) ?? 0;
  const next = structuredClone(old);
  next['spec'] = { ...(next['spec'] as object | undefined), replicas };
  return scaleOf(replace(kernel, definition, old, next, options));
}

/**
 * Server-side apply of a `Scale`: on the object behind it, as a configuration of nothing but the number, which the
 * manager then owns through the subresource.
 */
export function applyScale(
  kernel: Kernel,
  definition: ResourceDefinition,
  old: KubeObject,
  input: unknown,
  options: WriteOptions & { fieldManager: string },
): KubeObject {
  const scale = decodeForSubresource('Scale', input, options);
  checkScale(definition, old, scale);
  const replicas = replicasOf(old, scale);
  const { apiVersion, kind } = old;
  const { name, namespace } = old.metadata;
  const merged = serverSideApply({
    schema: schemaOf(definition),
    live: old,
    config: {
      ...(apiVersion === undefined ? {} : { apiVersion }),
      ...(kind === undefined ? {} : { kind }),
      metadata: {
        ...(name === undefined ? {} : { name }),
        ...(namespace === undefined ? {} : { namespace }),
      },
      ...(replicas === undefined ? {} : { spec: { replicas } }),
    },
    manager: options.fieldManager,
    force: options.force,
    time: timestamp(kernel.clock.now()),
    subresource: 'scale',
    ignore: ignoredFields(definition, 'scale'),
  });
  const next = structuredClone(merged);
  // Nobody wants a number any more: that is none at all, as the zero value of a Scale.
  next['spec'] = { replicas: 0, ...(next['spec'] as object | undefined) };
  return scaleOf(replace(kernel, definition, old, next, options, () => {}));
}

/** A Scale may name the object that it was read from, and its version. */
function checkScale(definition: ResourceDefinition, old: KubeObject, scale: KubeObject): void {
  const { resourceVersion, name } = scale.metadata;
  if (name !== undefined && name !== '' && name !== old.metadata.name) {
    throw badRequest(
      `the name of the object (${name}) does not match the name on the URL (${old.metadata.name})`,
    );
  }
  if (resourceVersion && resourceVersion !== old.metadata.resourceVersion) {
    throw modified(definition, old.metadata.name ?? '');
  }
}

/** @throws ApiError 422 when it is no number of pods. */
function replicasOf(old: KubeObject, scale: KubeObject): number | undefined {
  const { replicas } = (scale['spec'] ?? {}) as { replicas?: number };
  if (replicas === undefined || replicas >= 0) return replicas;
  const error = invalid('spec.replicas', replicas, 'must be greater than or equal to 0');
  throw invalidError({ group: 'autoscaling', kind: 'Scale' }, old.metadata.name ?? '', [error]);
}

/** POST to `eviction` or `binding` of a pod. */
export function createSubresource(
  kernel: Kernel,
  definition: ResourceDefinition,
  namespace: string | undefined,
  input: KubeObject,
  options: WriteOptions,
): KubeObject {
  const subresource = options.subresource ?? '';
  if (!definition.subresources.includes(subresource)) throw notServed();
  const name = input.metadata?.name ?? '';
  if (name === '') throw badRequest('metadata.name must be given');
  if (subresource === 'eviction') return evict(kernel, definition, namespace, name, input, options);
  if (subresource === 'binding') return bind(kernel, definition, namespace, name, input, options);
  throw methodNotAllowed('the server does not allow this method on the requested resource');
}

/** Assigns a pod to a node, once. */
function bind(
  kernel: Kernel,
  definition: ResourceDefinition,
  namespace: string | undefined,
  name: string,
  input: KubeObject,
  options: WriteOptions,
): KubeObject {
  const old = readOrThrow(kernel, definition, namespace, name);
  const binding = decodeForSubresource('Binding', input, options);
  const target = ((binding['target'] ?? {}) as { name?: string }).name ?? '';
  const spec = (old['spec'] ?? {}) as { nodeName?: string };
  if (target === '') throw badRequest('target.name: Required value');
  if (old.metadata.deletionTimestamp) {
    throw conflict(definition, name, `pod ${name} is being deleted, cannot be assigned to a host`);
  }
  if (spec.nodeName)
    throw conflict(definition, name, `pod ${name} is already assigned to node "${spec.nodeName}"`);
  const next = structuredClone(old);
  next['spec'] = { ...(next['spec'] as object | undefined), nodeName: target };
  const status = (next['status'] ?? {}) as { conditions?: { type: string }[] };
  const scheduled = {
    type: 'PodScheduled',
    status: 'True',
    lastProbeTime: null,
    lastTransitionTime: timestamp(kernel.clock.now()),
  };
  const others = (status.conditions ?? []).filter((c) => c.type !== 'PodScheduled');
  next['status'] = { ...status, conditions: [...others, scheduled] };
  store(kernel, definition, next, options.dryRun ?? false);
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 };
}
