import type { ObjectReference } from '../objects/index.ts';

/** Something to be told about an object. */
export interface Occurrence {
  object: ObjectReference;
  type: 'Normal' | 'Warning';
  /** CamelCase, one word, for machines. */
  reason: string;
  /** A sentence for people. */
  message: string;
}

/** An Event that is to be stored: a new one when `count` is 1, else one more of the one named `name`. */
export interface Correlated extends Occurrence {
  name: string;
  count: number;
  firstSeen: number;
}

/** How much may be told about one object. */
export interface EventLimits {
  /** So many events at once. */
  burst: number;
  /** After that one more each time this has passed, in milliseconds. */
  refillMs: number;
}

// The numbers are client-go's (tools/record/events_cache.go).
/** 25 at once, then one in five minutes. */
export const defaultEventLimits: EventLimits = { burst: 25, refillMs: 300_000 };
const SIMILAR_MAX = 10;
const SIMILAR_MS = 600_000;
const MAX_ENTRIES = 4096;
/** Longest object name that leaves room for the suffix within a name's 253 characters. */
const NAME_MAX = 230;

/**
 * Decides what becomes of an occurrence, by client-go's rules: the same again raises the count of the stored Event; more
 * than ten different messages of one reason within ten minutes are told as one; an object that talks more than
 * `limits` is not heard.
 */
export class EventCorrelator {
  readonly #limits: EventLimits;
  readonly #buckets = new RecentMap<{ tokens: number; at: number }>();
  readonly #similar = new RecentMap<{ messages: Set<string>; at: number }>();
  readonly #stored = new RecentMap<Pick<Correlated, 'name' | 'count' | 'firstSeen'>>();
  #serial = 0;

  constructor(limits: EventLimits = defaultEventLimits) {
    this.#limits = limits;
  }

  /** `undefined`: to be dropped. */
  correlate(occurrence: Occurrence, now: number): Correlated | undefined {
    const { object, type, reason } = occurrence;
    const about = [object.kind, object.namespace, object.name, object.uid, object.fieldPath].join('\0');
    if (!this.#mayTell(about, now)) return undefined;
    const group = [about, type, reason].join('\0');
    const combined = this.#isTooVaried(group, occurrence.message, now);
    const message = combined ? `(combined from similar events): ${occurrence.message}` : occurrence.message;
    const key = combined ? group : [group, occurrence.message].join('\0');
    const known = this.#stored.get(key);
    const next =
      known === undefined
        ? { name: this.#newName(object.name ?? '', now), count: 1, firstSeen: now }
        : { ...known, count: known.count + 1 };
    this.#stored.set(key, next);
    return { ...occurrence, ...next, message };
  }

  /** The stored Event is gone: the occurrence as a new one. */
  renewed(event: Correlated, now: number): Correlated {
    return { ...event, name: this.#newName(event.object.name ?? '', now), count: 1, firstSeen: now };
  }

  #mayTell(about: string, now: number): boolean {
    const { burst, refillMs } = this.#limits;
    const bucket = this.#buckets.get(about) ?? { tokens: burst, at: now };
    const tokens = Math.min(burst, bucket.tokens + (now - bucket.at) / refillMs);
    this.#buckets.set(about, { tokens: tokens < 1 ? tokens : tokens - 1, at: now });
    return tokens >= 1;
  }

  #isTooVaried(group: string, message: string, now: number): boolean {
    const known = this.#similar.get(group);
    const entry =
      known === undefined || now - known.at > SIMILAR_MS ? { messages: new Set<string>(), at: now } : known;
    if (entry.messages.size < SIMILAR_MAX) entry.messages.add(message);
    entry.at = now;
    this.#similar.set(group, entry);
    return !entry.messages.has(message);
  }

  #newName(object: string, now: number): string {
    // Like client-go's nanoseconds; the serial number stands for the part that our clock does not have.
    this.#serial = (this.#serial + 1) % 1_000_000;
    const suffix = (BigInt(Math.trunc(now)) * 1_000_000n + BigInt(this.#serial)).toString(16);
    return `${object.slice(0, NAME_MAX)}.${suffix}`;
  }
}

/** A map that forgets what was not set for longest when it grows too large. */
class RecentMap<V> {
  readonly #map = new Map<string, V>();

  get(key: string): V | undefined {
    return this.#map.get(key);
  }

  set(key: string, value: V): void {
    this.#map.delete(key);
    this.#map.set(key, value);
    if (this.#map.size > MAX_ENTRIES) this.#map.delete(this.#map.keys().next().value ?? '');
  }
}
