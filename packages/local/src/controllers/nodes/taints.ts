import type { Node, Taint } from '@pgherd/kube/objects';
import { timestamp } from '../objects.ts';
import { stateOf } from './conditions.ts';

export const NOT_READY = 'node.kubernetes.io/not-ready';
export const UNREACHABLE = 'node.kubernetes.io/unreachable';

/** Taints that only say what conditions say. */
const BY_CONDITION: readonly [type: string, status: string, key: string][] = [
  ['Ready', 'False', NOT_READY],
  ['Ready', 'Unknown', UNREACHABLE],
  ['MemoryPressure', 'True', 'node.kubernetes.io/memory-pressure'],
  ['DiskPressure', 'True', 'node.kubernetes.io/disk-pressure'],
  ['PIDPressure', 'True', 'node.kubernetes.io/pid-pressure'],
];
const UNSCHEDULABLE = 'node.kubernetes.io/unschedulable';

/**
 * Whether pods may be driven from nodes that are not ready:
 * - `yes`;
 * - `no`: more than two and most nodes of the zone are not ready, as when its network is down: what was begun goes on;
 * - `never`: no node at all is ready, so that the fault is likelier on this side, and what was begun ends.
 *
 * https://kubernetes.io/docs/concepts/architecture/nodes/#rate-limits-on-eviction, for clusters of up to 50 nodes
 */
export type Driving = 'yes' | 'no' | 'never';

export function drivingFrom(node: Node, all: readonly Node[]): Driving {
  const isReady = (each: Node): boolean => stateOf(each, 'Ready') === 'True';
  if (!all.some(isReady)) return 'never';
  const zone = all.filter((each) => zoneOf(each) === zoneOf(node));
  const lost = zone.filter((each) => !isReady(each)).length;
  return lost > 2 && lost < zone.length && lost / zone.length >= 0.55 ? 'no' : 'yes';
}

function zoneOf({ metadata }: Node): string {
  const label = (name: string): string => metadata.labels?.[`topology.kubernetes.io/${name}`] ?? '';
  return `${label('region')} ${label('zone')}`;
}

/** The taints that the node should have: those of others, and what its conditions and `unschedulable` say. */
export function taintsOf(node: Node, driving: Driving, now: number): Taint[] {
  const present = node.spec?.taints ?? [];
  const keys = new Set([...BY_CONDITION.map(([, , key]) => key), UNSCHEDULABLE]);
  const isOurs = ({ key, effect }: Taint): boolean =>
    (keys.has(key) && effect === 'NoSchedule') ||
    ([NOT_READY, UNREACHABLE].includes(key) && effect === 'NoExecute');
  const kept = (key: string, effect: string): Taint | undefined =>
    present.find((each) => each.key === key && each.effect === effect);
  const wanted: Taint[] = [];
  const add = (key: string, effect: string): void => {
    wanted.push(kept(key, effect) ?? { key, effect, timeAdded: timestamp(now) });
  };
  for (const [type, status, key] of BY_CONDITION) if (stateOf(node, type) === status) add(key, 'NoSchedule');
  if (node.spec?.unschedulable === true) add(UNSCHEDULABLE, 'NoSchedule');
  const ready = stateOf(node, 'Ready');
  if (ready === 'False' || ready === 'Unknown') {
    const key = ready === 'False' ? NOT_READY : UNREACHABLE;
    if (driving === 'yes' || (driving === 'no' && kept(key, 'NoExecute'))) add(key, 'NoExecute');
  }
  return [...present.filter((each) => !isOurs(each)), ...wanted];
}
