import { parseDuration, parseQuantity, type Postgresql } from '@pgherd/api';
import type { Observed } from '../observe/observed.ts';
import type { Growth } from '../plan/volumes.ts';
import { dataClaims, type DataClaim } from './data-claims.ts';
import { isFresh, isLimited, type Usage } from './usage.ts';

/** Annotation of a claim: when it was last made larger because it was filling up, RFC 3339. */
export const grownAtAnnotation = 'pgherd.dev/grown-at';

/** `spec.volume.autoGrow` in numbers. */
export interface AutoGrow {
  isLow(usage: Usage): boolean;
  /** The next larger size, not more than the cap, in bytes. */
  next(bytes: number): number;
  /** In bytes. */
  max: number;
  minIntervalMs: number;
}

/** What is used before a volume grows, and by how much it grows, where the manifest does not say. */
export const autoGrowDefaults = { threshold: '80%', step: '20%', minInterval: '10m' } as const;

/** Undefined when volumes are not to grow by themselves. */
export function autoGrowOf({ spec }: Postgresql): AutoGrow | undefined {
  const wanted = spec.volume.autoGrow;
  if (wanted?.enabled !== true || wanted.max === undefined) return undefined;
  const { threshold, step, minInterval } = { ...autoGrowDefaults, ...wanted };
  const max = parseQuantity(wanted.max) ?? 0;
  return {
    isLow: ({ used, free }) =>
      threshold.endsWith('%')
        ? used >= ((used + free) * Number.parseInt(threshold, 10)) / 100
        : free <= (parseQuantity(threshold) ?? 0),
    next: (bytes) => {
      const more = step.endsWith('%')
        ? (bytes * Number.parseInt(step, 10)) / 100
        : (parseQuantity(step) ?? 0);
      return Math.max(bytes, Math.min(max, roundUp(bytes + more)));
    },
    max,
    minIntervalMs: parseDuration(minInterval),
  };
}

/** Whether something is about to fill up that nothing more can be given to. */
export interface AutoGrowth {
  growths: Map<string, Growth>;
  /** The volumes that are low although they have the size of the cap. */
  capped: string[];
}

/**
 * Which claims grow by themselves now. As soon as one member's volume is low, all grow to the same size: members are
 * copies of each other. New members get what the others have grown to. What grows at the moment is waited for.
 */
export function autoGrowth(manifest: Postgresql, observed: Observed, now: number): AutoGrowth {
  const nothing = { growths: new Map<string, Growth>(), capped: [] };
  const auto = autoGrowOf(manifest);
  // Claims of members that there are no longer keep their size.
  const members = Math.max(manifest.spec.numberOfInstances, observed.members.length);
  const claims = dataClaims(observed).filter(({ ordinal }) => ordinal < members);
  if (auto === undefined || claims.some(isGrowing)) return nothing;
  const largest = Math.max(0, ...claims.map(({ requested }) => requested.bytes));
  const low = claims.flatMap((claim) => {
    const usage = observed.usage?.get(`${observed.name}-${claim.ordinal}`);
    const isActedOn =
      usage !== undefined &&
      isFresh(usage, now) &&
      isLimited(usage, claim.capacity?.bytes ?? 0) &&
      auto.isLow(usage);
    return isActedOn ? [{ claim, usage }] : [];
  });
  const [first] = low;
  const last = Math.max(0, ...claims.map(({ claim }) => grownAt(claim.metadata.annotations)));
  const isDue = first !== undefined && now - last >= auto.minIntervalMs;
  const target = isDue ? auto.next(largest) : largest;
  const why =
    first === undefined || target === largest
      ? "autoGrow: the volumes of all members are as large as the cluster's largest"
      : `autoGrow: ${printPercent(first.usage)} of ${first.claim.name} used`;
  const annotations = { [grownAtAnnotation]: new Date(now).toISOString() };
  return {
    growths: new Map(
      claims
        .filter(({ requested }) => requested.bytes < target)
        .map(({ name }) => [
          name,
          { size: printSize(target), why, ...(target > largest ? { annotations } : {}) },
        ]),
    ),
    capped: largest >= auto.max ? low.map(({ claim }) => claim.name) : [],
  };
}

function isGrowing({ requested, capacity }: DataClaim): boolean {
  return capacity !== undefined && capacity.bytes < requested.bytes;
}

function grownAt(annotations: Record<string, string> = {}): number {
  const at = Date.parse(annotations[grownAtAnnotation] ?? '');
  return Number.isNaN(at) ? 0 : at;
}

export function printPercent({ used, free }: Usage): string {
  return `${Math.round((used / (used + free)) * 100)} %`;
}

const Mi = 1024 ** 2;
const Gi = 1024 ** 3;

/** Providers sell whole GiB; small volumes, as tests have them, are rounded to MiB. */
function roundUp(bytes: number): number {
  const unit = bytes >= 10 * Gi ? Gi : Mi;
  return Math.ceil(bytes / unit) * unit;
}

function printSize(bytes: number): string {
  if (bytes % Gi === 0) return `${bytes / Gi}Gi`;
  return bytes % Mi === 0 ? `${bytes / Mi}Mi` : String(bytes);
}
