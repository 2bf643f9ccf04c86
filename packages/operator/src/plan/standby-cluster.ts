import type { Disturbance } from './step.ts';
import { isObject } from './list-keys.ts';

/** Key of Patroni's dynamic configuration that makes a cluster follow another one. */
export const standbyKey = 'standby_cluster';

/** What says whom to follow; the rest is how, and images write that themselves when they start. */
const target = ['host', 'port', 'primary_slot_name'];

/** Whether a cluster follows whom it should. Ports are text or numbers, and null is nothing. */
export function followsTheSame(live: unknown, wanted: unknown): boolean {
  if (!isObject(live) || !isObject(wanted)) return false;
  const text = (value: unknown) =>
    typeof value === 'string' || typeof value === 'number' ? String(value) : '';
  return target.every((key) => text(live[key]) === text(wanted[key]));
}

/** What a patch of the configuration does to the role of the cluster; undefined when it leaves that alone. */
export function roleChange(
  live: unknown,
  patch: Record<string, unknown>,
): { what: string; disturbs: Disturbance } | undefined {
  if (!(standbyKey in patch)) return undefined;
  if (patch[standbyKey] === null)
    return { what: 'promote the standby cluster: it accepts writes from then on', disturbs: 'reload' };
  if (live === undefined || live === null)
    return { what: 'make the cluster a standby: it accepts no writes from then on', disturbs: 'downtime' };
  return { what: 'make the standby cluster follow another server', disturbs: 'reload' };
}
