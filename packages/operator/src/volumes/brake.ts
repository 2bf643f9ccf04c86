import { parseQuantity, type Configuration, type Postgresql } from '@pgherd/api';
import { leaderOf, type Observed } from '../observe/observed.ts';
import { isFresh, type Usage } from './usage.ts';

/** The parameter that stops writes: whoever does not ask for it in so many words gets transactions that only read. */
export const brakeParameter = 'default_transaction_read_only';

const smallestRest = 128 * 1024 ** 2;
const largestRest = 1024 ** 3;

/**
 * How much of a volume is kept free, in bytes. PostgreSQL needs it to go on reading, to check-point and to be grown: at
 * least eight segments of write-ahead log. Of a very large volume a percentage would be more than anybody needs.
 */
export function restOf({ size }: Usage, { volume_brake_rest: rest }: BrakeSettings): number {
  if (!rest.endsWith('%')) return parseQuantity(rest) ?? smallestRest;
  const share = (size * Number.parseFloat(rest)) / 100;
  return Math.min(largestRest, Math.max(smallestRest, share));
}

export type BrakeSettings = Pick<Configuration, 'enable_volume_brake' | 'volume_brake_rest'>;

/**
 * Whether writes are to be stopped, because the primary's volume is nearly full. They are let go again when twice the
 * rest is free, so that it does not go on and off. Whatever is not known lets go as well: nothing may keep a cluster
 * read-only for good.
 */
export function isBraked(
  manifest: Postgresql,
  configuration: BrakeSettings,
  observed: Observed,
  now: number,
): boolean {
  if (!configuration.enable_volume_brake || isSetInManifest(manifest)) return false;
  const leader = leaderOf(observed);
  const before = isOn(observed);
  // Between two primaries it stays as it is: the next one has its own volume.
  if (leader === undefined) return before;
  const usage = observed.usage?.get(leader.name);
  if (usage === undefined) return before && isJustStarted(observed, now);
  if (!isFresh(usage, now)) return false;
  const rest = restOf(usage, configuration);
  return usage.free < (before ? 2 * rest : rest);
}

/** Whether Patroni's configuration stops writes at the moment. */
export function isOn({ configuration }: Pick<Observed, 'configuration'>): boolean {
  const section = (configuration?.['postgresql'] ?? {}) as { parameters?: Record<string, unknown> };
  return ['on', true, 'true'].includes(section.parameters?.[brakeParameter] as string | boolean);
}

function isSetInManifest({ spec }: Postgresql): boolean {
  return spec.postgresql.parameters?.[brakeParameter] !== undefined;
}

/** After a start of the operator it takes some seconds until volumes were looked at. */
function isJustStarted({ usageSince }: Observed, now: number): boolean {
  return usageSince === undefined || isFresh({ at: usageSince }, now);
}

/** Patroni's configuration with the brake in it. */
export function withBrake(wanted: Record<string, unknown>, braked: boolean): Record<string, unknown> {
  if (!braked) return wanted;
  const section = (wanted['postgresql'] ?? {}) as { parameters?: Record<string, unknown> };
  return {
    ...wanted,
    postgresql: { ...section, parameters: { ...section.parameters, [brakeParameter]: 'on' } },
  };
}

/**
 * Ends what goes on writing although writes are stopped: transactions that had written before. Those of superusers go on,
 * because somebody may be making room.
 */
export const endWritersCommand = (superuser: string): string[] => [
  'psql',
  '-X',
  '-q',
  '-w',
  '-h',
  '/var/run/postgresql',
  '-U',
  superuser,
  '-d',
  'postgres',
  '-c',
  `SELECT pg_catalog.pg_terminate_backend(a.pid) FROM pg_catalog.pg_stat_activity a
     JOIN pg_catalog.pg_roles r ON r.oid OPERATOR(pg_catalog.=) a.usesysid
    WHERE a.backend_type OPERATOR(pg_catalog.=) 'client backend' AND a.backend_xid IS NOT NULL AND NOT r.rolsuper`,
];
