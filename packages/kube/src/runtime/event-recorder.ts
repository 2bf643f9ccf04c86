import { isNotFound, sleep, TransportError } from '../client/index.ts';
import type { Client } from '../client/index.ts';
import { ApiError, events, silentLogger, systemClock } from '../objects/index.ts';
import type { Clock, Event, KubeObject, Logger, ObjectReference } from '../objects/index.ts';
import { defaultEventLimits, EventCorrelator } from './event-correlator.ts';
import type { Correlated, EventLimits, Occurrence } from './event-correlator.ts';

/** Settings of an event recorder. */
export interface EventRecorderOptions {
  client: Pick<Client, 'create' | 'patch'>;
  /** `source.component` and `reportingComponent`, e.g. `pgherd`. */
  component: string;
  /** `reportingInstance`, e.g. the pod's name. Default: the component. */
  instance?: string;
  /** How much may be told about one object. Default: client-go's. */
  limits?: EventLimits;
  logger?: Logger;
  clock?: Clock;
}

/** Events waiting to be sent; beyond that they are dropped. */
const MAX_WAITING = 1000;
const ATTEMPTS = 3;
const RETRY_MS = 1_000;

/** Tells people what happened to an object, as core/v1 Events. Fire and forget: nothing here ever fails its caller. */
export class EventRecorder {
  readonly #options: Required<EventRecorderOptions>;
  readonly #correlator: EventCorrelator;
  #sending: Promise<void> = Promise.resolve();
  #waiting = 0;

  constructor(options: EventRecorderOptions) {
    this.#options = {
      instance: options.component,
      limits: defaultEventLimits,
      logger: silentLogger,
      clock: systemClock,
      ...options,
    };
    this.#correlator = new EventCorrelator(this.#options.limits);
  }

  /** `object` must carry apiVersion and kind. `reason` is one CamelCase word, `message` a sentence. */
  event(object: KubeObject, type: Occurrence['type'], reason: string, message: string): void {
    try {
      if (this.#waiting >= MAX_WAITING) throw new Error('too many events wait to be sent');
      const occurrence = { object: referenceTo(object), type, reason, message };
      const correlated = this.#correlator.correlate(occurrence, this.#options.clock.now());
      if (correlated === undefined) return;
      this.#waiting++;
      this.#sending = this.#sending.then(() => this.#send(correlated)).finally(() => this.#waiting--);
    } catch (err) {
      this.#options.logger.debug({ err, reason }, 'event dropped');
    }
  }

  /** Resolves when all events so far are stored or given up; never rejects. */
  flush(): Promise<void> {
    return this.#sending;
  }

  async #send(event: Correlated): Promise<void> {
    const { clock, logger } = this.#options;
    for (let attempt = 1; ; attempt++) {
      try {
        await this.#store(event);
        return;
      } catch (err) {
        const passing = err instanceof TransportError || (err instanceof ApiError && err.code >= 500);
        if (!passing || attempt >= ATTEMPTS) {
          logger.debug({ err, reason: event.reason, object: event.object.name }, 'event not stored');
          return;
        }
        await sleep(RETRY_MS, undefined, clock);
      }
    }
  }

  async #store(event: Correlated): Promise<void> {
    const { client, clock } = this.#options;
    const lastTimestamp = timestamp(clock.now());
    if (event.count > 1) {
      const body = { count: event.count, message: event.message, lastTimestamp };
      const key = { namespace: namespaceOf(event), name: event.name };
      try {
        await client.patch(events, key, { type: 'merge', body });
        return;
      } catch (error) {
        // Events live an hour only.
        if (!isNotFound(error)) throw error;
      }
      await client.create(events, this.#toEvent(this.#correlator.renewed(event, clock.now()), lastTimestamp));
      return;
    }
    await client.create(events, this.#toEvent(event, lastTimestamp));
  }

  #toEvent(event: Correlated, lastTimestamp: string): Event {
    const { component, instance } = this.#options;
    return {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { namespace: namespaceOf(event), name: event.name },
      involvedObject: event.object,
      type: event.type,
      reason: event.reason,
      // The API server refuses longer ones.
      message: event.message.slice(0, 1024),
      count: event.count,
      firstTimestamp: timestamp(event.firstSeen),
      lastTimestamp,
      source: { component },
      reportingComponent: component,
      reportingInstance: instance,
    };
  }
}

/** Whole seconds, as Kubernetes' Time. */
const timestamp = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;

/** Events about things without namespace live in `default`. */
const namespaceOf = (event: Correlated): string => event.object.namespace ?? 'default';

function referenceTo({ apiVersion, kind, metadata }: KubeObject): ObjectReference {
  if (apiVersion === undefined || kind === undefined)
    throw new TypeError('the object has no apiVersion or kind');
  const { namespace, name, uid, resourceVersion } = metadata;
  return {
    apiVersion,
    kind,
    ...(namespace === undefined ? {} : { namespace }),
    ...(name === undefined ? {} : { name }),
    ...(uid === undefined ? {} : { uid }),
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
  };
}
