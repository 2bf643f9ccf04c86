import { isDeepStrictEqual } from 'node:util';
import { parseObject } from './json.ts';

/** The part of a Kubernetes object that is looked at. */
export interface AnnotatedObject {
  metadata: { annotations?: Record<string, string>; [field: string]: unknown };
  [field: string]: unknown;
}

/** Annotations of the leader object that only say: still here, this far. */
const leaderHeartbeat = new Set(['renewTime', 'optime', 'slots', 'retain_slots']);

/** Metadata that every write changes. */
const changedByEveryWrite = new Set(['resourceVersion', 'managedFields']);

/**
 * Whether two versions of an object (a pod, or one of Patroni's own) differ in nothing but what Patroni writes every
 * few seconds: time of renewal and positions in the write-ahead log. The operator starts no pass for these.
 */
export function isHeartbeatOnly(before: AnnotatedObject, after: AnnotatedObject): boolean {
  return isDeepStrictEqual(withoutHeartbeat(before), withoutHeartbeat(after));
}

function withoutHeartbeat(object: AnnotatedObject): Record<string, unknown> {
  const metadata = Object.fromEntries(
    Object.entries(object.metadata).filter(([name]) => !changedByEveryWrite.has(name)),
  );
  const annotations = Object.entries(object.metadata.annotations ?? {})
    .filter(([name]) => !leaderHeartbeat.has(name))
    .map(([name, value]) => [name, name === 'status' ? withoutLocation(value) : value]);
  return { ...object, metadata: { ...metadata, annotations: Object.fromEntries(annotations) as unknown } };
}

/** The annotation `status` of a pod without the member's position. */
function withoutLocation(status: string): unknown {
  const said = parseObject(status);
  if (!said) return status;
  const { xlog_location: _, ...rest } = said;
  return rest;
}
