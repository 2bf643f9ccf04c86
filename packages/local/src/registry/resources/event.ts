import type { KubeObject } from '@pgherd/kube/objects';

/** Selectable fields of Events, as `kubectl describe` needs them. */
export function eventFields(object: KubeObject): Record<string, string> {
  const about = (object['involvedObject'] ?? {}) as Record<string, unknown>;
  const source = (object['source'] ?? {}) as Record<string, unknown>;
  const text = (value: unknown): string => (typeof value === 'string' ? value : '');
  return {
    'involvedObject.kind': text(about['kind']),
    'involvedObject.namespace': text(about['namespace']),
    'involvedObject.name': text(about['name']),
    'involvedObject.uid': text(about['uid']),
    'involvedObject.apiVersion': text(about['apiVersion']),
    'involvedObject.resourceVersion': text(about['resourceVersion']),
    'involvedObject.fieldPath': text(about['fieldPath']),
    reason: text(object['reason']),
    reportingComponent: text(object['reportingComponent']),
    source: text(source['component']) || text(object['reportingComponent']),
    type: text(object['type']),
  };
}
