import { parseQuantity } from '@pgherd/api';
import type { PersistentVolumeClaim } from '@pgherd/kube/objects';
import { kinds } from '../kinds.ts';
import { ordinalOf } from '../names.ts';
import type { Observed } from '../observe/observed.ts';
import { dataVolume } from '../render/mounts.ts';

type ObservedClaims = Pick<Observed, 'objects' | 'name' | 'volumes'>;

/** The claim of one member's data volume. */
export interface DataClaim {
  name: string;
  ordinal: number;
  claim: PersistentVolumeClaim;
  /** As it asks for, and in bytes. */
  requested: { text: string; bytes: number };
  /**
   * As it has, and in bytes; undefined until it is bound. Less than what it asks for while it grows, and more when its
   * disk has grown below it.
   */
  capacity: { text: string; bytes: number } | undefined;
}

/** The data volumes' claims of a cluster by ordinal, also of members that it has no longer; none on its way out. */
export function dataClaims({ objects, name: cluster, volumes }: ObservedClaims): DataClaim[] {
  return [...objects]
    .flatMap(([key, object]) => (key.startsWith(`${kinds.claim.plural}/`) ? [object] : []))
    .flatMap((object) => dataClaim(cluster, object as PersistentVolumeClaim) ?? [])
    .map((claim) => ({ ...claim, capacity: capacityOf(claim, volumes?.get(claim.name)?.capacity) }))
    .sort((a, b) => a.ordinal - b.ordinal);
}

function dataClaim(cluster: string, claim: PersistentVolumeClaim): DataClaim | undefined {
  const { name = '', deletionTimestamp } = claim.metadata;
  const prefix = `${dataVolume}-`;
  const ordinal = name.startsWith(prefix) ? ordinalOf(cluster, name.slice(prefix.length)) : undefined;
  const requested = amount(claim.spec?.resources?.requests?.['storage']);
  if (ordinal === undefined || requested === undefined || deletionTimestamp !== undefined) return undefined;
  return { name, ordinal, claim, requested, capacity: amount(claim.status?.capacity?.['storage']) };
}

/** While a claim grows its volume says that it has grown before its file system has. */
function capacityOf({ capacity, requested }: DataClaim, volume: string | undefined): DataClaim['capacity'] {
  const below = amount(volume);
  if (capacity === undefined || below === undefined || capacity.bytes < requested.bytes) return capacity;
  return below.bytes > capacity.bytes ? below : capacity;
}

function amount(text: string | undefined): DataClaim['requested'] | undefined {
  const bytes = text === undefined ? undefined : parseQuantity(text);
  return text === undefined || bytes === undefined ? undefined : { text, bytes };
}

/** A claim that asks for more than it has, and where that stands. */
export interface Growing {
  claim: DataClaim;
  /** What it waits for, in words. */
  waitsFor: string;
  /** The storage could not do it, and says why. */
  failed: string | undefined;
}

const failures = ['ControllerResizeError', 'NodeResizeError'];

/** The claims that grow at the moment. Conditions: https://kubernetes.io/docs/concepts/storage/persistent-volumes/ */
export function growing(observed: ObservedClaims): Growing[] {
  return dataClaims(observed)
    .filter(({ requested, capacity }) => capacity !== undefined && capacity.bytes < requested.bytes)
    .map((claim) => {
      const conditions = (claim.claim.status?.conditions ?? []).filter(({ status }) => status === 'True');
      const has = (type: string) => conditions.some((each) => each.type === type);
      const failure = conditions.find(({ type }) => failures.includes(type));
      return {
        claim,
        waitsFor: has('FileSystemResizePending')
          ? 'the node grows its file system, for which a pod must have it mounted'
          : 'its storage grows it',
        failed: failure === undefined ? undefined : (failure.message ?? failure.type),
      };
    });
}
