import { readFileSync } from 'node:fs';
import { isObject } from '@pgherd/kube/schema';
import { parse } from 'yaml';

/** A manifest's `spec` with one thing wrong. */
export interface BadSpec {
  /** Path of what is wrong, e.g. `spec.volume.size`. */
  field: string;
  what: string;
  spec: unknown;
}

/** Parts of the complete example in which anything may stand: Kubernetes does not look into them. */
const open = /^spec\.additionalVolumes\[\d+\]\.volumeSource\./;

/**
 * Takes the complete example and makes one value at a time wrong: another type, a text that its pattern forbids, a
 * required field that is missing.
 */
export function mutationsOf(file: string): BadSpec[] {
  const { spec: good } = parse(readFileSync(file, 'utf8')) as { spec: Record<string, unknown> };
  const bad: BadSpec[] = [];
  const visit = (value: unknown, path: (string | number)[]) => {
    const field = pathOf(path);
    if (open.test(field)) return;
    if (path.length > 0) {
      for (const wrong of otherTypes(value)) {
        bad.push({ field, what: JSON.stringify(wrong), spec: replaced(good, path, wrong) });
      }
    }
    const children = Array.isArray(value) ? value.entries() : isObject(value) ? Object.entries(value) : [];
    for (const [key, child] of children) visit(child, [...path, key]);
  };
  visit(good, []);
  for (const path of required) {
    bad.push({ field: pathOf(path), what: 'missing', spec: replaced(good, path, undefined) });
  }
  for (const [field, path, value] of forbidden) {
    bad.push({ field, what: JSON.stringify(value), spec: replaced(good, path, value) });
  }
  return [
    ...bad,
    { field: 'spec', what: 'missing', spec: undefined },
    { field: 'spec', what: 'a list', spec: [] },
  ];
}

const required: (string | number)[][] = [
  ['teamId'],
  ['numberOfInstances'],
  ['postgresql'],
  ['postgresql', 'version'],
  ['volume'],
  ['volume', 'size'],
];

/** What fits its type, and must not be all the same: by the schema, or by what the operator knows beyond it. */
const forbidden: [field: string, path: (string | number)[], value: unknown][] = [
  ['spec.numberOfInstances', ['numberOfInstances'], -1],
  ['spec.numberOfInstances', ['numberOfInstances'], 1.5],
  ['spec.postgresql.version', ['postgresql', 'version'], '9.6'],
  ['spec.volume.size', ['volume', 'size'], '1Gx'],
  ['spec.volume.size', ['volume', 'size'], ''],
  ['spec.users.foo_user[0]', ['users', 'foo_user'], ['root']],
  ['spec.users.foo_user', ['users', 'foo_user'], ['login', 'nologin']],
  ['spec.users.Foo', ['users', 'Foo'], []],
  ['spec.users.a b', ['users', 'a b'], []],
  ['spec.users.; DROP TABLE x', ['users', '; DROP TABLE x'], []],
  ['spec.databases.foo', ['databases', 'foo'], ''],
  ['spec.maintenanceWindows[0]', ['maintenanceWindows'], ['Mon:25:00-Mon:26:00']],
  ['spec.maintenanceWindows[0]', ['maintenanceWindows'], ['05:00-04:00']],
  ['spec.allowedSourceRanges[0]', ['allowedSourceRanges'], ['everywhere']],
  ['spec.resources.limits.cpu', ['resources', 'limits', 'cpu'], 'fast'],
  ['spec.resources.requests.memory', ['resources', 'requests', 'memory'], '1GB'],
  ['spec.logicalBackupSchedule', ['logicalBackupSchedule'], 'daily'],
  ['spec.connectionPooler.mode', ['connectionPooler', 'mode'], 'statement'],
  ['spec.connectionPooler.numberOfInstances', ['connectionPooler', 'numberOfInstances'], 0],
  ['spec.clone.cluster', ['clone'], { cluster: 'Not-A-Name' }],
  ['spec.clone.timestamp', ['clone'], { cluster: 'acid-source', timestamp: 'yesterday' }],
  ['spec.clone.uid', ['clone'], { cluster: 'acid-source', uid: 'x' }],
  ['spec.standby', ['standby'], {}],
  ['spec.standby', ['standby'], { standby_host: '' }],
  ['spec.tls', ['tls'], {}],
  ['spec.tls.secretName', ['tls'], { secretName: 'Not-A-Name' }],
  ['spec.teamId', ['teamId'], 'a team'],
  ['spec.dockerImage', ['dockerImage'], 'spilo 1'],
  ['spec.podPriorityClassName', ['podPriorityClassName'], 'High'],
  ['spec.schedulerName', ['schedulerName'], 'my scheduler'],
  ['spec.volume.storageClass', ['volume', 'storageClass'], 'Fast'],
  ['spec.podAnnotations.a b', ['podAnnotations'], { 'a b': 'x' }],
  ['spec.serviceAnnotations.a b', ['serviceAnnotations'], { 'a b': 'x' }],
  ['spec.connectionPooler.user', ['connectionPooler', 'user'], 'a user'],
  ['spec.connectionPooler.maxDBConnections', ['connectionPooler', 'maxDBConnections'], -1],
  ['spec.patroni.ttl', ['patroni', 'ttl'], -1],
  ['spec.patroni.loop_wait', ['patroni', 'loop_wait'], -1],
  ['spec.patroni.retry_timeout', ['patroni', 'retry_timeout'], -1],
  ['spec.patroni.maximum_lag_on_failover', ['patroni', 'maximum_lag_on_failover'], -1],
  ['spec.patroni.synchronous_node_count', ['patroni', 'synchronous_node_count'], -1],
  ['spec.spiloRunAsUser', ['spiloRunAsUser'], -1],
  ['spec.spiloFSGroup', ['spiloFSGroup'], -1],
  ['spec.additionalVolumes[0]', ['additionalVolumes'], [{ name: 'a', mountPath: '/a' }]],
  ['spec.tolerations[0].tolerationSeconds', ['tolerations'], [{ key: 'a', tolerationSeconds: 'x' }]],
];

function otherTypes(value: unknown): unknown[] {
  if (Array.isArray(value)) return [{ wrong: 'object' }, 'wrong text'];
  if (isObject(value)) return ['wrong text', ['wrong', 'list']];
  return typeof value === 'string' ? [{ wrong: 'object' }, 17] : ['wrong text', ['wrong', 'list']];
}

function replaced(value: unknown, path: (string | number)[], by: unknown): unknown {
  const [first, ...rest] = path;
  if (first === undefined) return by;
  const copy: Record<string, unknown> | unknown[] = Array.isArray(value)
    ? [...(value as unknown[])]
    : { ...(isObject(value) ? value : {}) };
  const inner = replaced((copy as Record<string | number, unknown>)[first], rest, by);
  if (inner === undefined) delete (copy as Record<string | number, unknown>)[first];
  else (copy as Record<string | number, unknown>)[first] = inner;
  return copy;
}

function pathOf(path: (string | number)[]): string {
  return path.reduce<string>(
    (text, part) => (typeof part === 'number' ? `${text}[${part}]` : `${text}.${part}`),
    'spec',
  );
}
