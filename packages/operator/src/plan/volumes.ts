import { parseQuantity } from '@pgherd/api';
import { describe, kinds } from '../kinds.ts';
import type { Observed } from '../observe/observed.ts';
import { dataClaims, type DataClaim } from '../volumes/data-claims.ts';
import type { Step, Track } from './step.ts';

/** How large the data volumes should be. */
export interface VolumeGoal {
  /** `spec.volume.size`. */
  size: string;
  /** Sizes that single claims have to grow to for another reason, by claim: the larger one counts. */
  growths?: ReadonlyMap<string, Growth>;
  /** Claims whose disks are to be asked for first: they can be changed a few times a day only, and so with all at once. */
  awaitsDisk?: ReadonlySet<string>;
}

/** A size of one claim, why, and what is noted in its annotations with it. */
export interface Growth {
  size: string;
  why: string;
  annotations?: Record<string, string>;
}

/**
 * Claims that are to grow. Nothing is waited for: a volume that is full is the reason why there is no primary. Each claim
 * is a track of its own, so that one that cannot grow keeps no other one small. Nothing ever shrinks.
 */
export function planVolumes(goal: VolumeGoal | undefined, observed: Observed): Track[] {
  if (goal === undefined) return [];
  return dataClaims(observed).flatMap((claim) => {
    const growth = largest(goal, claim);
    return growth === undefined
      ? []
      : [{ name: 'volumes', steps: [growStep(goal, observed, claim, growth)] }];
  });
}

/** The size that a claim should have or has, in bytes. */
export function wantedSize(
  { bytes }: { bytes: number },
  volumes: VolumeGoal | undefined,
  { name, requested }: DataClaim,
): number {
  const grown = parseQuantity(volumes?.growths?.get(name)?.size ?? '0') ?? 0;
  return Math.max(bytes, grown, requested.bytes);
}

function largest({ size, growths }: VolumeGoal, { name, requested }: DataClaim): Growth | undefined {
  const bytes = (growth: Growth) => parseQuantity(growth.size) ?? 0;
  const wanted: Growth = { size, why: `spec.volume.size: ${requested.text} → ${size}` };
  const own = growths?.get(name);
  const growth = own !== undefined && bytes(own) > bytes(wanted) ? own : wanted;
  return bytes(growth) > requested.bytes ? growth : undefined;
}

function growStep(
  { awaitsDisk }: VolumeGoal,
  observed: Observed,
  { name, claim }: DataClaim,
  { size, why, annotations }: Growth,
): Step {
  const { uid, resourceVersion } = claim.metadata;
  const isBound = claim.status?.phase === 'Bound';
  return {
    what: `grow ${describe(kinds.claim, name)} to ${size}`,
    why: [why],
    disturbs: 'nothing',
    action: {
      type: 'patch',
      kind: kinds.claim,
      namespace: observed.namespace,
      name,
      patch: {
        metadata: { uid, resourceVersion, ...(annotations === undefined ? {} : { annotations }) },
        spec: { resources: { requests: { storage: size } } },
      },
    },
    // Kubernetes refuses to change one before.
    ...(isBound ? {} : { waitFor: `${describe(kinds.claim, name)} is bound` }),
    ...(awaitsDisk?.has(name) === true ? { waitFor: 'Amazon has said what disk is below it' } : {}),
  };
}
