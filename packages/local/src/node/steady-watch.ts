import type { Clock, KubeObject, Logger, Resource } from '@pgherd/kube/objects';
import type { Registry } from '../registry/registry.ts';
import { LinkDownError } from './api-link.ts';

/** Pause before a watch that ended is opened again, milliseconds. */
const REOPEN_MS = 100;

/**
 * A watch that never ends: what exists comes as `changed` first, and again after an interruption. `missing` tells
 * after every (re)opening which objects exist, so that nothing that went away meanwhile is overlooked.
 */
export function steadyWatch(
  options: { registry: Registry; clock: Clock; log: Logger; resource: Resource },
  handlers: {
    changed: (object: KubeObject) => void;
    removed: (object: KubeObject) => void;
    opened?: (uids: ReadonlySet<string>) => void;
  },
): { stop(): void } {
  const { registry, clock, log, resource } = options;
  let stopped = false;
  let close = (): void => {};
  let cancel = (): void => {};

  const reopen = (): void => {
    close();
    if (!stopped) cancel = clock.after(REOPEN_MS, open);
  };
  const open = (): void => {
    try {
      const { items, resourceVersion } = registry.list(resource);
      // Before the list is believed: it may be an old one, remembered by a node that is cut off. A watch is not to be had
      // then. Events come later than this call.
      const watch = registry.watch(resource, { resourceVersion }, ({ type, object }) => {
        if (type === 'ADDED' || type === 'MODIFIED') handlers.changed(object);
        else if (type === 'DELETED') handlers.removed(object);
        else if (type === 'ERROR') reopen();
      });
      close = () => watch.close();
      for (const item of items) handlers.changed(item);
      handlers.opened?.(new Set(items.map((item) => item.metadata.uid ?? '')));
    } catch (error) {
      const level = error instanceof LinkDownError ? 'debug' : 'warn';
      log[level]({ err: error }, `the watch of ${resource.plural} ended; opening it again`);
      reopen();
    }
  };
  open();
  return {
    stop() {
      stopped = true;
      cancel();
      close();
    },
  };
}
