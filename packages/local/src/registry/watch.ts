import type { KubeObject, WatchEvent } from '@pgherd/kube/objects';
import type { StoredEvent } from '../store/index.ts';
import type { ResourceDefinition } from './definition.ts';
import { badRequest, tooLargeResourceVersion, tooOldResourceVersion } from './errors.ts';
import { apiVersionOf, type Kernel } from './kernel.ts';
import { selectableFields, toVersion } from './read.ts';
import type { Watch, WatchOptions } from './registry.ts';
import { parseSelectors, type Predicate } from './selectors.ts';

/** Milliseconds between bookmarks of one watch that asked for them. */
const bookmarkInterval = 60_000;

/** Distributes the store's events to watches, each watch's in order and outside the write that made them. */
export class WatchHub {
  readonly #kernel: Kernel;
  readonly #watches = new Map<string, Set<LiveWatch>>();

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
    kernel.store.subscribe((event) => {
      for (const watch of this.#watches.get(event.resource) ?? []) watch.offer(event);
    });
  }

  /** @throws ApiError 410 when events after `resourceVersion` are gone. */
  open(definition: ResourceDefinition, options: WatchOptions, onEvent: (event: WatchEvent) => void): Watch {
    const watches = this.#watches.get(definition.storage) ?? new Set<LiveWatch>();
    this.#watches.set(definition.storage, watches);
    const watch = new LiveWatch(this.#kernel, definition, options, onEvent, () => watches.delete(watch));
    watches.add(watch);
    return watch;
  }

  /** Ends what watches a kind that is not served any more. */
  closeAll(storage: string): void {
    for (const watch of this.#watches.get(storage) ?? []) watch.close();
  }
}

class LiveWatch implements Watch {
  readonly #kernel: Kernel;
  readonly #definition: ResourceDefinition;
  readonly #namespace: string | undefined;
  readonly #matches: Predicate | undefined;
  readonly #onEvent: (event: WatchEvent) => void;
  readonly #onClose: () => void;
  #queue: WatchEvent[] = [];
  #scheduled = false;
  #closed = false;
  #cancelBookmark: () => void = () => {};

  constructor(
    kernel: Kernel,
    definition: ResourceDefinition,
    options: WatchOptions,
    onEvent: (event: WatchEvent) => void,
    onClose: () => void,
  ) {
    this.#kernel = kernel;
    this.#definition = definition;
    this.#namespace = definition.namespaced ? options.namespace : undefined;
    this.#matches = parseSelectors(options, selectableFields(definition));
    this.#onEvent = onEvent;
    this.#onClose = onClose;
    this.#begin(options);
    if (options.allowBookmarks) this.#scheduleBookmark();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#queue = [];
    this.#cancelBookmark();
    this.#onClose();
  }

  /** Takes an event into account if it concerns this watch. */
  offer(event: StoredEvent): void {
    if (this.#closed || (this.#namespace !== undefined && event.namespace !== this.#namespace)) return;
    const object = toVersion(this.#definition, event.object);
    const now = event.type !== 'DELETED' && this.#selects(object);
    const previous = event.previous && toVersion(this.#definition, event.previous);
    const before = previous !== undefined && this.#selects(previous);
    if (now) this.#push({ type: before ? 'MODIFIED' : 'ADDED', object });
    else if (before)
      this.#push({ type: 'DELETED', object: event.type === 'DELETED' ? object : leaving(previous, object) });
  }

  #begin(options: WatchOptions): void {
    const { store } = this.#kernel;
    const { storage } = this.#definition;
    const text = options.resourceVersion ?? '';
    if (text !== '' && !/^\d+$/.test(text)) {
      throw badRequest(`invalid resource version "${text}": must be an unsigned integer`);
    }
    const asked = Number(text);
    const initial = options.sendInitialEvents ?? (text === '' || text === '0');
    if (asked > store.revision) throw tooLargeResourceVersion(asked, store.revision);
    if (initial) {
      for (const object of store.list(storage, this.#namespace)) {
        const shown = toVersion(this.#definition, object);
        if (this.#selects(shown)) this.#push({ type: 'ADDED', object: shown });
      }
      if (options.sendInitialEvents && options.allowBookmarks) this.#push(this.#bookmark(true));
      return;
    }
    if (text === '' || text === '0') return;
    if (asked < store.compacted) throw tooOldResourceVersion(asked, store.compacted);
    for (const event of store.eventsAfter(storage, this.#namespace, asked)) this.offer(event);
  }

  #selects(object: KubeObject): boolean {
    return this.#matches?.(object) ?? true;
  }

  #push(event: WatchEvent): void {
    this.#queue.push(event);
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => this.#drain());
  }

  #drain(): void {
    this.#scheduled = false;
    const events = this.#queue;
    this.#queue = [];
    for (const event of events) {
      if (this.#closed) return;
      try {
        this.#onEvent(event);
      } catch (error) {
        this.#kernel.onError(error);
      }
    }
  }

  #bookmark(endOfInitialEvents: boolean): WatchEvent {
    const metadata = {
      resourceVersion: String(this.#kernel.store.revision),
      ...(endOfInitialEvents ? { annotations: { 'k8s.io/initial-events-end': 'true' } } : {}),
    };
    const { kind } = this.#definition;
    return { type: 'BOOKMARK', object: { kind, apiVersion: apiVersionOf(this.#definition), metadata } };
  }

  #scheduleBookmark(): void {
    this.#cancelBookmark = this.#kernel.clock.after(bookmarkInterval, () => {
      if (this.#closed) return;
      this.#push(this.#bookmark(false));
      this.#scheduleBookmark();
    });
  }
}

/** An object that does not match any more is shown as it last matched, under the version of the change. */
function leaving(previous: KubeObject, now: KubeObject): KubeObject {
  const resourceVersion = now.metadata.resourceVersion ?? '';
  return { ...previous, metadata: { ...previous.metadata, resourceVersion } };
}
