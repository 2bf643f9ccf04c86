import { createHash } from 'node:crypto';
import { ApiError, events } from '@pgherd/kube/objects';
import type { Clock, Event, KubeObject } from '@pgherd/kube/objects';
import { Objects, timestamp } from './objects.ts';

/** Tells people what happened to an object, with Kubernetes' Events. */
export interface EventRecorder {
  /** Never throws: an event that cannot be written is not worth failing for. */
  record(object: KubeObject, type: 'Normal' | 'Warning', reason: string, message: string): void;
  /** Has exactly this been recorded of the object (and not been forgotten since)? */
  has(object: KubeObject, type: 'Normal' | 'Warning', reason: string, message: string): boolean;
}

/**
 * The same event again counts up the one that exists. Its name follows from its content, so that this needs no memory
 * and goes on after a restart.
 */
export function createEventRecorder(objects: Objects, clock: Clock, component: string): EventRecorder {
  const nameOf = (object: KubeObject, ...content: string[]): string => {
    const { name = '', uid = '' } = object.metadata;
    const hash = createHash('sha256').update(JSON.stringify([uid, ...content, component]));
    return `${name.slice(0, 236)}.${hash.digest('hex').slice(0, 16)}`;
  };
  return {
    has: (object, type, reason, message) =>
      objects.get(events, object.metadata.namespace ?? 'default', nameOf(object, type, reason, message)) !==
      undefined,
    record(object, type, reason, message) {
      const { name = '', namespace, uid = '' } = object.metadata;
      const eventNamespace = namespace ?? 'default';
      const eventName = nameOf(object, type, reason, message);
      const now = timestamp(clock.now());
      try {
        const present = objects.get(events, eventNamespace, eventName);
        if (present) {
          objects.update(events, { ...present, count: (present.count ?? 1) + 1, lastTimestamp: now });
          return;
        }
        const event: Event = {
          apiVersion: 'v1',
          kind: 'Event',
          metadata: { name: eventName, namespace: eventNamespace },
          involvedObject: {
            apiVersion: object.apiVersion ?? '',
            kind: object.kind ?? '',
            name,
            uid,
            ...(namespace === undefined ? {} : { namespace }),
            ...(object.metadata.resourceVersion === undefined
              ? {}
              : { resourceVersion: object.metadata.resourceVersion }),
          },
          type,
          reason,
          message: message.slice(0, 1024),
          count: 1,
          firstTimestamp: now,
          lastTimestamp: now,
          source: { component },
          reportingComponent: component,
          reportingInstance: '',
        };
        objects.create(events, event);
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
      }
    },
  };
}
