import { namespaces } from '@pgherd/kube/objects';
import type { Namespace, Resource } from '@pgherd/kube/objects';
import { done, requeueAfter } from '@pgherd/kube/queue';
import type { Result } from '@pgherd/kube/queue';
import type { Clock } from '@pgherd/kube/objects';
import type { Controller } from './controller.ts';
import { Objects, sameJson, splitKey, timestamp } from './objects.ts';

const FINALIZER = 'kubernetes';
/** How often the rest of a namespace is looked at while it goes, in milliseconds. */
const RECHECK_MS = 300;
/** Deleted before the rest, so that nothing is made anew meanwhile. */
const FIRST = ['statefulsets', 'deployments', 'replicasets', 'daemonsets', 'cronjobs', 'jobs'];

/** What is left of one resource in a namespace. */
interface Remainder {
  resource: Resource;
  count: number;
  finalizers: string[];
}

/** Empties namespaces that are being deleted, then lets them go. */
export function namespaceController(objects: Objects, clock: Clock): Controller {
  return {
    name: 'namespace',
    interests: [{ resource: namespaces, keys: ({ metadata }) => [`/${metadata.name ?? ''}`] }],
    reconcile(key): Result {
      const [, name] = splitKey(key);
      const namespace = objects.get(namespaces, undefined, name);
      if (!namespace?.metadata.deletionTimestamp) return done;
      if (!namespace.spec?.finalizers?.includes(FINALIZER)) return done;
      const rest = empty(objects, name);
      if (rest.length === 0) {
        const finalizers = namespace.spec.finalizers.filter((finalizer) => finalizer !== FINALIZER);
        objects.update(namespaces, { ...namespace, spec: { finalizers } }, { subresource: 'finalize' });
        return done;
      }
      writeConditions(objects, namespace, rest, timestamp(clock.now()));
      return requeueAfter(RECHECK_MS, 'content of the namespace');
    },
  };
}

/** Deletes everything in the namespace and answers what is still there. */
function empty(objects: Objects, namespace: string): Remainder[] {
  const { registry } = objects;
  const resources = registry
    .resources()
    .filter((r) => r.namespaced && r.verbs.includes('list') && r.verbs.includes('delete'))
    .sort((a, b) => Number(FIRST.includes(b.plural)) - Number(FIRST.includes(a.plural)));
  for (const resource of resources) {
    for (const object of registry.list(resource, { namespace }).items) {
      if (object.metadata.deletionTimestamp === undefined) objects.delete(resource, object);
    }
  }
  return resources.flatMap((resource) => {
    const { items } = registry.list(resource, { namespace });
    const finalizers = items.flatMap(({ metadata }) => metadata.finalizers ?? []);
    return items.length > 0 ? [{ resource, count: items.length, finalizers }] : [];
  });
}

function writeConditions(objects: Objects, namespace: Namespace, rest: Remainder[], now: string): void {
  const content = rest.map(({ resource: { plural, group }, count }) => {
    return `${plural}.${group} has ${count} resource instances`;
  });
  const counts = new Map<string, number>();
  for (const finalizer of rest.flatMap(({ finalizers }) => finalizers)) {
    counts.set(finalizer, (counts.get(finalizer) ?? 0) + 1);
  }
  const held = [...counts].map(([finalizer, count]) => `${finalizer} in ${count} resource instances`);
  const condition = (type: string, problem: string, bad: string, good: string, fine: string) => ({
    type,
    status: problem === '' ? 'False' : 'True',
    reason: problem === '' ? good : bad,
    message: problem === '' ? fine : problem,
  });
  const wanted = [
    condition(
      'NamespaceContentRemaining',
      content.length > 0 ? `Some resources are remaining: ${content.join(', ')}` : '',
      'SomeResourcesRemain',
      'ContentRemoved',
      'All content successfully removed',
    ),
    condition(
      'NamespaceFinalizersRemaining',
      held.length > 0 ? `Some content in the namespace has finalizers remaining: ${held.join(', ')}` : '',
      'SomeFinalizersRemain',
      'ContentHasNoFinalizers',
      'All content-preserving finalizers finished',
    ),
  ];
  const present = namespace.status?.conditions ?? [];
  const conditions = wanted.map((next) => {
    const old = present.find(({ type }) => type === next.type);
    const since = old?.status === next.status ? (old.lastTransitionTime ?? now) : now;
    return { ...next, lastTransitionTime: since };
  });
  if (sameJson(conditions, present)) return;
  objects.updateStatus(namespaces, { ...namespace, status: { ...namespace.status, conditions } });
}
