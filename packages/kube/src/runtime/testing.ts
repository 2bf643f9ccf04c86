import { ApiError } from '../objects/index.ts';
import type { Clock, KubeObject, ResourceType } from '../objects/index.ts';
import type { Client, ObjectKey } from '../client/index.ts';
import { keyString } from '../cache/index.ts';

/** A clock that moves when told, and lets promises settle between timers. For tests. */
export class ManualClock implements Clock {
  #now = Date.parse('2030-01-01T00:00:00Z');
  readonly #timers = new Set<{ at: number; fn: () => void }>();

  now(): number {
    return this.#now;
  }

  after(ms: number, fn: () => void): () => void {
    const timer = { at: this.#now + ms, fn };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** Timers run on as they were: they do not ask for the time. */
  setBack(ms: number): void {
    this.#now -= ms;
    for (const timer of this.#timers) timer.at -= ms;
  }

  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    for (;;) {
      await settle();
      const due = [...this.#timers].filter(({ at }) => at <= end).toSorted((a, b) => a.at - b.at)[0];
      if (due === undefined) break;
      this.#timers.delete(due);
      this.#now = Math.max(this.#now, due.at);
      due.fn();
    }
    this.#now = end;
  }
}

/** Lets everything that is ready run. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
}

/** An API server's objects of one kind in memory, with versions and conflicts as the real one has. For tests. */
export class MemoryObjects {
  readonly objects = new Map<string, KubeObject>();
  /** Throws before a call when set. */
  failure: Error | undefined;
  readonly calls: string[] = [];
  #version = 0;

  /** The part of a client that works on them. */
  readonly client = {
    get: async (_: ResourceType, key: ObjectKey) => this.#call('get', key),
    create: async (_: ResourceType, object: KubeObject) => {
      const key = keyString(object.metadata);
      this.#called('create', key);
      if (this.objects.has(key)) throw new ApiError(409, 'AlreadyExists', `${key} exists`);
      return this.#store(object);
    },
    update: async (_: ResourceType, object: KubeObject) => {
      const stored = this.#call('update', object.metadata as ObjectKey);
      if (object.metadata.resourceVersion !== stored.metadata.resourceVersion) {
        throw new ApiError(409, 'Conflict', 'the object has been modified');
      }
      return this.#store(object);
    },
    patch: async (_: ResourceType, key: ObjectKey, { body }: { body: object }) =>
      this.#store({ ...this.#call('patch', key), ...body }),
  } as unknown as Client;

  #called(verb: string, key: string): void {
    this.calls.push(`${verb} ${key}`);
    if (this.failure !== undefined) throw this.failure;
  }

  #call(verb: string, key: ObjectKey): KubeObject {
    this.#called(verb, keyString(key));
    const found = this.objects.get(keyString(key));
    if (found === undefined) throw new ApiError(404, 'NotFound', `${keyString(key)} not found`);
    return structuredClone(found);
  }

  #store(object: KubeObject): KubeObject {
    const metadata = { ...object.metadata, resourceVersion: String(++this.#version) };
    const stored = structuredClone({ ...object, metadata });
    this.objects.set(keyString(metadata), stored);
    return structuredClone(stored);
  }
}
