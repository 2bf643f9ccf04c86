import { sharedParameters } from '@pgherd/postgres';

/**
 * Values that Patroni gives the parameters which all members share, when its configuration does not mention them.
 * Source: CMDLINE_OPTIONS of Patroni's `postgresql/config.py`.
 */
const defaults: Record<string, number> = {
  max_connections: 100,
  max_prepared_transactions: 0,
  max_locks_per_transaction: 64,
  max_worker_processes: 8,
  max_wal_senders: 10,
};

/** Which way parameters change that replicas must not have lower than the primary. */
export interface SharedChange {
  /** At least one is to be higher: replicas first, because a replica with the lower value stops to replay. */
  raised: boolean;
  /** At least one is to be lower: the primary first, because a replica cannot have less than the primary had. */
  lowered: boolean;
}

/** Whether a change of a parameter that all members share changes no value, e.g. from the default to the same by name. */
export function isSameForAll(change: { name: string; before: unknown; after: unknown }): boolean {
  const { raised, lowered } = sharedChangeOf([change]);
  return sharedParameters.includes(change.name) && !raised && !lowered;
}

/** Values before and after of any parameters, as text or numbers; null and undefined are Patroni's default. */
export function sharedChangeOf(
  changes: readonly { name: string; before: unknown; after: unknown }[],
): SharedChange {
  const shared = changes.filter(({ name }) => sharedParameters.includes(name));
  const value = (name: string, each: unknown) => Number(each ?? defaults[name]);
  return {
    raised: shared.some(({ name, before, after }) => value(name, after) > value(name, before)),
    lowered: shared.some(({ name, before, after }) => value(name, after) < value(name, before)),
  };
}
