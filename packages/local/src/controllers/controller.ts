import { WorkQueue, runWorkers } from '@pgherd/kube/queue';
import type { Result } from '@pgherd/kube/queue';
import { ApiError } from '@pgherd/kube/objects';
import type { Clock, KubeObject, Logger, Resource } from '@pgherd/kube/objects';
import type { Registry, Watch } from '../registry/registry.ts';

/** A resource whose changes concern a controller. */
export interface Interest {
  resource: Resource;
  /** Keys to look at after the object has changed; also those of its earlier form are looked at. */
  keys: (object: KubeObject) => string[];
  /** Told of every change before `keys` is asked. */
  see?: (object: KubeObject, isGone: boolean) => void;
  /** Nothing is to be looked at when only annotations have changed: Patroni writes some into its pod all the time. */
  ignoresAnnotations?: boolean;
}

/** Looks at one key at a time and removes the difference between what is and what should be. */
export interface Controller {
  /** For the log. */
  name: string;
  interests: Interest[];
  /** Safe to be cut off at any point and to be called at any time. Throws: tried again later. */
  reconcile(key: string): Result;
}

/** What a controller runs with. */
export interface RunOptions {
  registry: Registry;
  clock: Clock;
  log: Logger;
}

/** Something that runs until it is told not to. */
export interface Running {
  stop(): Promise<void>;
}

/** Watches, queues and reconciles until stopped. */
export function runController(controller: Controller, { registry, clock, log }: RunOptions): Running {
  const queue = new WorkQueue({ clock, backoff: { baseMs: 20, maxMs: 30_000 } });
  const abort = new AbortController();
  const watches = controller.interests.map((interest) => follow(registry, interest, queue));
  const reconcile = (key: string): Promise<Result> => registry.batched(() => controller.reconcile(key));
  const finished = runWorkers(queue, 1, reconcile, {
    signal: abort.signal,
    onError: (err, key, retryMs) => {
      // Somebody wrote in between: the next look is the remedy, nobody needs to know.
      const passing = err instanceof ApiError && err.code === 409;
      log[passing ? 'debug' : 'warn']({ err, key, retryMs, controller: controller.name }, 'reconcile failed');
    },
  });
  return {
    async stop() {
      for (const watch of watches) watch.close();
      abort.abort();
      await finished;
    },
  };
}

function follow(registry: Registry, interest: Interest, queue: WorkQueue): Watch {
  const known = new Map<string, { object: KubeObject; keys: string[] }>();
  return registry.watch(interest.resource, {}, ({ type, object }) => {
    if (type === 'BOOKMARK' || type === 'ERROR') return;
    const isGone = type === 'DELETED';
    const id = object.metadata.uid ?? '';
    const before = known.get(id);
    interest.see?.(object, isGone);
    if (before !== undefined && !isGone && interest.ignoresAnnotations === true) {
      if (differsInAnnotationsOnly(before.object, object)) {
        before.object = object;
        return;
      }
    }
    const keys = interest.keys(object);
    for (const key of new Set([...(before?.keys ?? []), ...keys])) queue.add(key);
    if (isGone) known.delete(id);
    else if (keys.length > 0) known.set(id, { object, keys });
    else known.delete(id);
  });
}

const writtenWithAnnotations = new Set(['annotations', 'managedFields', 'resourceVersion']);

/** Looks at parts as wholes: the store keeps a part that did not change as the very same (`share`). */
function differsInAnnotationsOnly(before: KubeObject, now: KubeObject): boolean {
  const { metadata: metadataBefore, ...partsBefore } = before;
  const { metadata, ...parts } = now;
  return (
    sameParts(partsBefore, parts) &&
    sameParts<Record<string, unknown>>({ ...metadataBefore }, { ...metadata }, writtenWithAnnotations)
  );
}

function sameParts<T extends Record<string, unknown>>(
  one: T,
  other: T,
  besides: ReadonlySet<string> = new Set(),
): boolean {
  const keys = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...keys].every((key) => besides.has(key) || one[key] === other[key]);
}
