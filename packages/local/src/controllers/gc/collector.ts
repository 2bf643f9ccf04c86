import type { KubeObject, OwnerReference, Resource } from '@pgherd/kube/objects';
import type { Registry } from '../../registry/registry.ts';
import { Objects, orUndefined, withMetadata } from '../objects.ts';
import type { Graph, Node } from './graph.ts';

const FOREGROUND = 'foregroundDeletion';
const ORPHAN = 'orphan';

/** State of an owner that a dependent names. */
export type OwnerState = 'present' | 'waiting' | 'gone';

/** What to do with a dependent. */
export type Verdict =
  | { kind: 'keep'; owners: OwnerReference[] }
  | { kind: 'delete'; policy: 'Background' | 'Foreground' };

/**
 * Kept as long as one owner is there (references to the others go); deleted when none is. An owner that waits for its
 * dependents is as good as gone; what then has dependents of its own that hold up its end is deleted like the owner.
 */
export function judge(owners: [OwnerReference, OwnerState][], hasBlockingDependents: boolean): Verdict {
  const present = owners.filter(([, state]) => state === 'present').map(([reference]) => reference);
  if (present.length > 0) return { kind: 'keep', owners: present };
  const waiting = owners.some(([, state]) => state === 'waiting');
  return { kind: 'delete', policy: waiting && hasBlockingDependents ? 'Foreground' : 'Background' };
}

/**
 * Looks at one object: does it have to go because of its owners, or do its dependents have to be seen to because it
 * goes? https://kubernetes.io/docs/concepts/architecture/garbage-collection/
 */
export function collect(objects: Objects, graph: Graph, uid: string): void {
  const node = graph.get(uid);
  const object = node && read(objects.registry, node);
  if (!node || !object) return;
  const { deletionTimestamp, finalizers = [], ownerReferences = [] } = object.metadata;
  if (deletionTimestamp !== undefined) {
    if (finalizers.includes(ORPHAN)) orphanDependents(objects, graph, node, object);
    else if (finalizers.includes(FOREGROUND)) deleteDependents(objects, graph, node, object);
    return;
  }
  if (ownerReferences.length === 0) return;
  const owners = ownerReferences.map((reference): [OwnerReference, OwnerState] => [
    reference,
    stateOf(objects.registry, reference, node.namespace),
  ]);
  const blocking = graph.dependents(uid).some((dependent) => blocks(graph.get(dependent), uid));
  const verdict = judge(owners, blocking);
  if (verdict.kind === 'delete') {
    // An object that its maker wants to leave orphans behind keeps that wish.
    const policy = finalizers.includes(ORPHAN)
      ? 'Orphan'
      : finalizers.includes(FOREGROUND)
        ? 'Foreground'
        : verdict.policy;
    objects.delete(node.resource, object, { propagationPolicy: policy });
  } else if (verdict.owners.length < ownerReferences.length) {
    write(objects, node, withMetadata(object, { ownerReferences: verdict.owners }));
  }
}

/** An owner counts only with its uid: one made anew under the same name is another. */
function stateOf(registry: Registry, reference: OwnerReference, namespace: string | undefined): OwnerState {
  const slash = reference.apiVersion.indexOf('/');
  const group = slash < 0 ? '' : reference.apiVersion.slice(0, slash);
  const version = reference.apiVersion.slice(slash + 1);
  const kinds = registry.resources().filter((r) => r.group === group && r.kind === reference.kind);
  const served = kinds.find((r) => r.version === version) ?? kinds[0];
  // Nobody knows the kind, or a cluster-wide object names an owner in a namespace: nothing is deleted on a guess.
  if (!served || (served.namespaced && namespace === undefined)) return 'present';
  const owner = orUndefined(() =>
    registry.get(served, served.namespaced ? namespace : undefined, reference.name),
  );
  if (!owner || owner.metadata.uid !== reference.uid) return 'gone';
  const waits =
    owner.metadata.deletionTimestamp !== undefined &&
    owner.metadata.finalizers?.includes(FOREGROUND) === true;
  return waits ? 'waiting' : 'present';
}

function orphanDependents(objects: Objects, graph: Graph, node: Node, object: KubeObject): void {
  for (const dependent of existingDependents(objects, graph, node)) {
    const ownerReferences = (dependent.object.metadata.ownerReferences ?? []).filter(
      ({ uid }) => uid !== node.uid,
    );
    write(objects, dependent.node, withMetadata(dependent.object, { ownerReferences }));
  }
  removeFinalizer(objects, node, object, ORPHAN);
}

function deleteDependents(objects: Objects, graph: Graph, node: Node, object: KubeObject): void {
  for (const dependent of existingDependents(objects, graph, node))
    collect(objects, graph, dependent.node.uid);
  const blocked = existingDependents(objects, graph, node).some((dependent) =>
    dependent.object.metadata.ownerReferences?.some(
      (r) => r.uid === node.uid && r.blockOwnerDeletion === true,
    ),
  );
  if (!blocked) removeFinalizer(objects, node, object, FOREGROUND);
}

function existingDependents(
  objects: Objects,
  graph: Graph,
  owner: Node,
): { node: Node; object: KubeObject }[] {
  return graph.dependents(owner.uid).flatMap((uid) => {
    const node = graph.get(uid);
    const object = node && read(objects.registry, node);
    return node && object ? [{ node, object }] : [];
  });
}

function blocks(dependent: Node | undefined, ownerUid: string): boolean {
  return dependent?.owners.some((r) => r.uid === ownerUid && r.blockOwnerDeletion === true) === true;
}

function read(registry: Registry, node: Node): KubeObject | undefined {
  const object = orUndefined(() => registry.get(node.resource, node.namespace, node.name));
  return object?.metadata.uid === node.uid ? object : undefined;
}

function removeFinalizer(objects: Objects, node: Node, object: KubeObject, finalizer: string): void {
  const finalizers = (object.metadata.finalizers ?? []).filter((name) => name !== finalizer);
  write(objects, node, withMetadata(object, { finalizers }));
}

function write(objects: Objects, { resource }: { resource: Resource }, object: KubeObject): void {
  const { namespace, name = '' } = object.metadata;
  objects.registry.update(resource, namespace, name, object);
}
