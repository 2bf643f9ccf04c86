import type { Container, Pod } from '@pgherd/kube/objects';
import { amountOf } from './quantity.ts';

/** What the node adds to a pod's own fields. */
export interface NodeFacts {
  nodeName: string;
  hostIp: string;
  /** What the node can give to pods: stands in for absent limits. `cpu` in cores, `memory` in bytes. */
  allocatable: { cpu: number; memory: number };
}

/** A reference to a field that cannot be answered; the container is not started. */
export class FieldRefError extends Error {}

/**
 * The value of a downward API `fieldRef`, in environment variables and volumes.
 * Source: kubernetes.io/docs/concepts/workloads/pods/downward-api.
 */
export function fieldValue(path: string, pod: Pod, podIps: readonly string[], node: NodeFacts): string {
  const keyed = /^metadata\.(labels|annotations)\['(.*)'\]$/.exec(path);
  if (keyed !== null) {
    const [, map = '', key = ''] = keyed;
    return (map === 'labels' ? pod.metadata.labels : pod.metadata.annotations)?.[key] ?? '';
  }
  switch (path) {
    case 'metadata.name':
      return pod.metadata.name ?? '';
    case 'metadata.namespace':
      return pod.metadata.namespace ?? '';
    case 'metadata.uid':
      return pod.metadata.uid ?? '';
    case 'metadata.labels':
      return formatMap(pod.metadata.labels);
    case 'metadata.annotations':
      return formatMap(pod.metadata.annotations);
    case 'spec.nodeName':
      return pod.spec?.nodeName ?? node.nodeName;
    case 'spec.serviceAccountName':
      return pod.spec?.serviceAccountName ?? 'default';
    case 'status.hostIP':
    case 'status.hostIPs':
      return node.hostIp;
    case 'status.podIP':
      return podIps[0] ?? '';
    case 'status.podIPs':
      return podIps.join(',');
    default:
      throw new FieldRefError(`unsupported fieldPath: ${path}`);
  }
}

/** One `key="value"` line per entry, sorted by key, as the downward API writes maps. */
function formatMap(map: Record<string, string> | undefined): string {
  return Object.entries(map ?? {})
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    .join('\n');
}

/**
 * The value of a `resourceFieldRef`: rounded up to whole units of `divisor`; an absent limit is what the node
 * can give, an absent request is the limit if there is one, else 0.
 */
export function resourceFieldValue(
  reference: { containerName?: string; divisor?: string; resource: string },
  container: Container,
  pod: Pod,
  node: NodeFacts,
): string {
  const name = reference.containerName;
  const all = [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])];
  const target = name === undefined || name === '' ? container : all.find((each) => each.name === name);
  if (target === undefined) throw new FieldRefError(`container ${name ?? ''} not found`);
  const [kind, ...rest] = reference.resource.split('.');
  const resource = rest.join('.');
  const { limits = {}, requests = {} } = target.resources ?? {};
  const written = kind === 'limits' ? limits[resource] : (requests[resource] ?? limits[resource]);
  const fallback = kind === 'limits' && isNodeResource(resource) ? node.allocatable[resource] : 0;
  const amount = written === undefined ? fallback : amountOf(written);
  const divisor = reference.divisor === undefined ? 1 : amountOf(reference.divisor) || 1;
  return String(Math.ceil(amount / divisor));
}

function isNodeResource(name: string): name is 'cpu' | 'memory' {
  return name === 'cpu' || name === 'memory';
}
