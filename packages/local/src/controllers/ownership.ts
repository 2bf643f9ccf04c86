import type { KubeObject, OwnerReference, ResourceType } from '@pgherd/kube/objects';
import { matchesLabelSelector } from '../registry/selectors.ts';
import { Objects, controllerOf, withMetadata } from './objects.ts';

/** Reference that makes `owner` the controller of what it makes. */
export function controllerReference(apiVersion: string, kind: string, owner: KubeObject): OwnerReference {
  const { name = '', uid = '' } = owner.metadata;
  return { apiVersion, kind, name, uid, controller: true, blockOwnerDeletion: true };
}

/** Who claims, and what. */
export interface Claim<T extends KubeObject> {
  owner: KubeObject;
  selector: Parameters<typeof matchesLabelSelector>[0];
  reference: OwnerReference;
  resource: ResourceType<T>;
  /** Adopted objects get it, released ones lose it. */
  finalizer?: string;
  /** What is looked at. Default: everything. */
  only?: (candidate: T) => boolean;
}

/**
 * The objects that `owner` controls. Orphans that match the selector are adopted, objects that no longer match are
 * released, those of other controllers are left alone. An owner that is being deleted neither adopts nor releases.
 */
export function claimObjects<T extends KubeObject>(objects: Objects, claim: Claim<T>): T[] {
  const { owner, selector, reference, resource, finalizer, only = () => true } = claim;
  const deleting = owner.metadata.deletionTimestamp !== undefined;
  const mine: T[] = [];
  for (const candidate of objects.list(resource, owner.metadata.namespace)) {
    const controller = controllerOf(candidate);
    if ((controller && controller.uid !== owner.metadata.uid) || !only(candidate)) continue;
    const matches = matchesLabelSelector(selector, candidate.metadata.labels ?? {});
    const references = candidate.metadata.ownerReferences ?? [];
    if (controller && matches) mine.push(candidate);
    else if (deleting || candidate.metadata.deletionTimestamp !== undefined) continue;
    else if (controller) {
      const ownerReferences = references.filter(({ uid }) => uid !== owner.metadata.uid);
      const finalizers = (candidate.metadata.finalizers ?? []).filter((each) => each !== finalizer);
      objects.update(resource, withMetadata(candidate, { ownerReferences, finalizers }));
    } else if (matches) {
      const ownerReferences = [...references.filter(({ uid }) => uid !== reference.uid), reference];
      const others = (candidate.metadata.finalizers ?? []).filter((each) => each !== finalizer);
      const finalizers = finalizer === undefined ? others : [...others, finalizer];
      mine.push(objects.update(resource, withMetadata(candidate, { ownerReferences, finalizers })));
    }
  }
  return mine;
}
