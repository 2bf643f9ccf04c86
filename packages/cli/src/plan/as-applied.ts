import { mergePatch } from '@pgherd/kube/patch';
import { isObject } from '@pgherd/kube/schema';
import type { Postgresql } from '@pgherd/api';
import type { KubeObject } from '@pgherd/kube/objects';

/** Where `kubectl apply` keeps what it applied last. */
export const lastAppliedAnnotation = 'kubectl.kubernetes.io/last-applied-configuration';

/**
 * What `live` becomes when `written` is applied to it as `kubectl apply` does: what is written is set, what was
 * applied last and is written no longer goes, everything else stays. Without a note of the last time only what is
 * written is known; then the written `spec` replaces the live one.
 */
export function asApplied<T extends Postgresql & KubeObject>(live: T, written: T): T {
  const note = live.metadata.annotations?.[lastAppliedAnnotation];
  const last = parse(note);
  // With its note kubectl always writes annotations, so they never go as a whole.
  const { annotations = {} } = written.metadata;
  const kept = { ...written, metadata: { ...written.metadata, annotations } };
  const base: unknown = last === undefined ? { ...live, spec: {} } : mergePatch(live, removals(last, kept));
  const { status: _status, ...fields } = written;
  const applied = mergePatch(base, fields) as T;
  const { name, namespace, uid, resourceVersion, generation } = live.metadata;
  const metadata = { ...applied.metadata, ...defined({ name, namespace, uid, resourceVersion, generation }) };
  return { ...applied, metadata };
}

/** A merge patch that takes away what is in `before` and not in `now`. */
function removals(before: unknown, now: unknown): Record<string, unknown> {
  const patch: Record<string, unknown> = {};
  if (!isObject(before)) return patch;
  for (const [key, value] of Object.entries(before)) {
    const next = isObject(now) ? now[key] : undefined;
    if (next === undefined) patch[key] = null;
    else if (isObject(value) && isObject(next)) patch[key] = removals(value, next);
  }
  return patch;
}

function parse(note: string | undefined): unknown {
  try {
    return note === undefined ? undefined : (JSON.parse(note) as unknown);
  } catch {
    return undefined;
  }
}

function defined(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
