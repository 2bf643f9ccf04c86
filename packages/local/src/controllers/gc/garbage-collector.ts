import { customResourceDefinitions } from '@pgherd/kube/objects';
import type { Resource } from '@pgherd/kube/objects';
import { WorkQueue, done, runWorkers } from '@pgherd/kube/queue';
import type { Watch } from '../../registry/registry.ts';
import type { RunOptions, Running } from '../controller.ts';
import { Objects } from '../objects.ts';
import { collect } from './collector.ts';
import { Graph } from './graph.ts';

/** Nobody owns them, nobody is owned by them, and there are many. */
const IGNORED = new Set(['events', 'leases']);

/** Watches every served resource, those of CustomResourceDefinitions too, and collects what has lost its owners. */
export function runGarbageCollector({ registry, clock, log }: RunOptions): Running {
  const objects = new Objects(registry);
  const graph = new Graph();
  const queue = new WorkQueue({ clock, backoff: { baseMs: 20, maxMs: 30_000 } });
  const abort = new AbortController();
  const watches = new Map<string, Watch>();

  const follow = (resource: Resource): Watch =>
    registry.watch(resource, {}, ({ type, object }) => {
      if (type === 'BOOKMARK' || type === 'ERROR') return;
      const uid = object.metadata.uid ?? '';
      const owners = object.metadata.ownerReferences ?? [];
      if (type === 'DELETED') {
        graph.remove(uid);
        for (const dependent of graph.dependents(uid)) queue.add(dependent);
      } else if (!graph.put(resource, object)) return;
      else {
        if (owners.length > 0 || object.metadata.deletionTimestamp !== undefined) queue.add(uid);
        // An owner that has begun to wait for its dependents.
        if (object.metadata.deletionTimestamp !== undefined) {
          for (const dependent of graph.dependents(uid)) queue.add(dependent);
        }
      }
      // An owner that waits for this one looks again.
      for (const owner of owners) if (graph.get(owner.uid)?.deleting) queue.add(owner.uid);
    });

  const sync = (): void => {
    const served = new Map<string, Resource>();
    for (const resource of registry.resources()) {
      const usable = resource.verbs.includes('watch') && resource.verbs.includes('delete');
      const key = `${resource.group}/${resource.plural}`;
      if (usable && !IGNORED.has(resource.plural) && !served.has(key)) served.set(key, resource);
    }
    for (const [key, watch] of watches) {
      if (served.has(key)) continue;
      watch.close();
      watches.delete(key);
    }
    for (const [key, resource] of served) if (!watches.has(key)) watches.set(key, follow(resource));
  };

  sync();
  const definitions = registry.watch(customResourceDefinitions, {}, ({ object }) => {
    // The registry may have ended the watches of a kind that changed: they are opened anew.
    const { group, names } = (object['spec'] ?? {}) as { group?: string; names?: { plural?: string } };
    const key = `${group ?? ''}/${names?.plural ?? ''}`;
    watches.get(key)?.close();
    watches.delete(key);
    sync();
  });
  const handle = async (uid: string): Promise<typeof done> => {
    await registry.batched(() => collect(objects, graph, uid));
    return done;
  };
  const finished = runWorkers(queue, 1, handle, {
    signal: abort.signal,
    onError: (err, uid, retryMs) => log.debug({ err, uid, retryMs }, 'garbage collection failed'),
  });
  return {
    async stop() {
      definitions.close();
      for (const watch of watches.values()) watch.close();
      abort.abort();
      await finished;
    },
  };
}
