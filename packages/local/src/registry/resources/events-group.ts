import type { KubeObject } from '@pgherd/kube/objects';
import { define } from '../definition.ts';
import { eventFields } from './event.ts';

/**
 * Events as `events.k8s.io/v1` shows them: other names for the same fields of the same stored objects.
 * Source: the conversion tables in the Kubernetes API reference of both kinds.
 */
const names: readonly (readonly [core: string, events: string])[] = [
  ['involvedObject', 'regarding'],
  ['message', 'note'],
  ['source', 'deprecatedSource'],
  ['firstTimestamp', 'deprecatedFirstTimestamp'],
  ['lastTimestamp', 'deprecatedLastTimestamp'],
  ['count', 'deprecatedCount'],
  ['reportingComponent', 'reportingController'],
];

function rename(object: KubeObject, pairs: readonly (readonly [string, string])[]): KubeObject {
  const result: KubeObject = { metadata: object.metadata };
  const map = new Map(pairs);
  for (const [field, value] of Object.entries(object)) result[map.get(field) ?? field] = value;
  return result;
}

export const eventsResource = define({
  group: 'events.k8s.io',
  version: 'v1',
  kind: 'Event',
  plural: 'events',
  shortNames: ['ev'],
  storage: 'events',
  strategy: {
    createOnUpdate: true,
    fields: (object) => eventFields(toCore(object)),
    fromStorage: (object) => ({ ...rename(object, names), apiVersion: 'events.k8s.io/v1' }),
    toStorage: (object) => ({ ...toCore(object), apiVersion: 'v1' }),
  },
});

function toCore(object: KubeObject): KubeObject {
  return rename(
    object,
    names.map(([core, events]) => [events, core] as const),
  );
}
