import { events } from '@pgherd/kube/objects';
import type { Clock, Event, Logger, Pod } from '@pgherd/kube/objects';
import type { Registry } from '../registry/registry.ts';

/** How long the same event is counted up instead of written anew, milliseconds. */
const AGGREGATE_MS = 10 * 60_000;
/** How many recent events are remembered. */
const REMEMBERED = 1000;

export type RecordEvent = (
  pod: Pod,
  type: 'Normal' | 'Warning',
  reason: string,
  message: string,
  container?: string,
) => void;

/** Writes events about pods. An event that repeats is one object whose `count` grows. Never throws. */
export function eventRecorder(options: {
  registry: Registry;
  clock: Clock;
  log: Logger;
  component: string;
  host: string;
}): RecordEvent {
  const { registry, clock, log, component, host } = options;
  const recent = new Map<string, { name: string; at: number }>();

  return (pod, type, reason, message, container) => {
    const { name = '', namespace = 'default', uid = '', resourceVersion = '' } = pod.metadata;
    const isInit = (pod.spec?.initContainers ?? []).some((each) => each.name === container);
    const fieldPath = container && `spec.${isInit ? 'initContainers' : 'containers'}{${container}}`;
    const now = clock.now();
    const time = new Date(now).toISOString().replace(/\.\d+Z$/, 'Z');
    const key = [uid, type, reason, message, fieldPath].join('\0');
    try {
      const known = recent.get(key);
      if (
        known !== undefined &&
        now - known.at < AGGREGATE_MS &&
        countUp(registry, namespace, known.name, time)
      ) {
        return;
      }
      const eventName = `${name}.${(now * 1000 + (recent.size % 1000)).toString(16)}${Math.random().toString(16).slice(2, 6)}`;
      registry.create(events, namespace, {
        apiVersion: 'v1',
        kind: 'Event',
        metadata: { name: eventName, namespace },
        involvedObject: {
          apiVersion: 'v1',
          kind: 'Pod',
          name,
          namespace,
          uid,
          resourceVersion,
          ...(fieldPath ? { fieldPath } : {}),
        },
        type,
        reason,
        message,
        source: { component, ...(host === '' ? {} : { host }) },
        reportingComponent: component,
        reportingInstance: host,
        firstTimestamp: time,
        lastTimestamp: time,
        count: 1,
      });
      recent.delete(key);
      recent.set(key, { name: eventName, at: now });
      const oldest = recent.keys().next().value;
      if (recent.size > REMEMBERED && oldest !== undefined) recent.delete(oldest);
    } catch (error) {
      log.debug({ err: error, namespace, pod: name, reason }, 'an event could not be written');
    }
  };
}

function countUp(registry: Registry, namespace: string, name: string, time: string): boolean {
  try {
    const event = structuredClone(registry.get(events, namespace, name)) as Event;
    event.count = (event.count ?? 1) + 1;
    event.lastTimestamp = time;
    registry.update(events, namespace, name, event);
    return true;
  } catch {
    return false;
  }
}
