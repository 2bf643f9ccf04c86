import { controllerRevisions } from '@pgherd/kube/objects';
import type { ControllerRevision, Pod, PodTemplateSpec, StatefulSet } from '@pgherd/kube/objects';
import { matchesLabelSelector } from '../../registry/selectors.ts';
import { safeHash } from '../hash.ts';
import { Objects, controllerOf, sameJson, withMetadata } from '../objects.ts';
import { REVISION_LABEL, controllerReference } from './identity.ts';

/** The two revisions that a set's pods may come from. */
export interface Revisions {
  current: ControllerRevision;
  update: ControllerRevision;
  /** All that belong to the set, oldest first. */
  all: ControllerRevision[];
  collisionCount: number;
}

/** Finds or makes the revision of the set's template, and finds the one that its status names. */
export function syncRevisions(objects: Objects, set: StatefulSet): Revisions {
  const all = listRevisions(objects, set);
  let collisionCount = set.status?.collisionCount ?? 0;
  const data = dataOf(set);
  let update = all.findLast((revision) => sameJson(revision.data, data));
  const newest = all.at(-1);
  if (!update) {
    const number = (newest?.revision ?? 0) + 1;
    for (;;) {
      const wanted = build(set, data, number, collisionCount);
      if (objects.createIfMissing(controllerRevisions, wanted)) break;
      // The name is taken by something else: another count, another hash, another name.
      collisionCount++;
    }
    update = objects.get(
      controllerRevisions,
      set.metadata.namespace,
      build(set, data, number, collisionCount).metadata.name ?? '',
    );
    if (!update)
      throw new Error(`ControllerRevision of StatefulSet ${set.metadata.name} vanished while it was made`);
    all.push(update);
  } else if (newest && update !== newest) {
    // Rolled back: the revision becomes the newest again.
    const renumbered = objects.update(controllerRevisions, { ...update, revision: newest.revision + 1 });
    all.splice(all.indexOf(update), 1);
    all.push(renumbered);
    update = renumbered;
  }
  const current = all.find(({ metadata }) => metadata.name === set.status?.currentRevision) ?? update;
  return { current, update, all, collisionCount };
}

/** The pod template that a revision holds. */
export function templateOf(revision: ControllerRevision): PodTemplateSpec {
  const data: { spec?: { template?: PodTemplateSpec & { $patch?: string } } } | undefined = revision.data;
  const { $patch: _, ...template } = data?.spec?.template ?? {};
  return template;
}

/** Deletes the oldest revisions that nobody uses, beyond `spec.revisionHistoryLimit`. */
export function truncateHistory(objects: Objects, set: StatefulSet, revisions: Revisions, pods: Pod[]): void {
  const used = new Set([
    revisions.current.metadata.name,
    revisions.update.metadata.name,
    ...pods.map((pod) => pod.metadata.labels?.[REVISION_LABEL]),
  ]);
  const unused = revisions.all.filter(({ metadata }) => !used.has(metadata.name));
  const excess = unused.length - (set.spec?.revisionHistoryLimit ?? 10);
  for (const revision of unused.slice(0, Math.max(0, excess))) objects.delete(controllerRevisions, revision);
}

function listRevisions(objects: Objects, set: StatefulSet): ControllerRevision[] {
  const labels = set.spec?.selector?.matchLabels ?? {};
  const selected = objects
    .list(controllerRevisions, set.metadata.namespace, { labels })
    .filter((revision) => matchesLabelSelector(set.spec?.selector ?? {}, revision.metadata.labels ?? {}));
  const mine: ControllerRevision[] = [];
  for (const revision of selected) {
    const controller = controllerOf(revision);
    if (controller?.uid === set.metadata.uid) mine.push(revision);
    else if (!controller && set.metadata.deletionTimestamp === undefined) {
      // Orphans of a set that was deleted with its pods left alone: the history goes on.
      const ownerReferences = [...(revision.metadata.ownerReferences ?? []), controllerReference(set)];
      mine.push(objects.update(controllerRevisions, withMetadata(revision, { ownerReferences })));
    }
  }
  return mine.sort(
    (a, b) => a.revision - b.revision || (a.metadata.name ?? '').localeCompare(b.metadata.name ?? ''),
  );
}

function dataOf(set: StatefulSet): Record<string, unknown> {
  return { spec: { template: { ...set.spec?.template, $patch: 'replace' } } };
}

function build(
  set: StatefulSet,
  data: Record<string, unknown>,
  revision: number,
  collisionCount: number,
): ControllerRevision {
  const hash = safeHash(data, collisionCount);
  const { name, namespace } = set.metadata;
  return {
    apiVersion: 'apps/v1',
    kind: 'ControllerRevision',
    metadata: {
      name: `${name}-${hash}`,
      ...(namespace === undefined ? {} : { namespace }),
      labels: { ...set.spec?.template.metadata?.labels, 'controller.kubernetes.io/hash': hash },
      ownerReferences: [controllerReference(set)],
    },
    data,
    revision,
  };
}
