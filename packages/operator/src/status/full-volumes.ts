import type { Observed } from '../observe/observed.ts';
import { printPercent } from '../volumes/auto-grow.ts';
import { dataClaims } from '../volumes/data-claims.ts';
import { isLimited } from '../volumes/usage.ts';
import type { Trouble } from './trouble.ts';

/** Percentage of a volume from which on it is trouble, whoever may still write. */
const nearlyFull = 95;

/** Volumes that are nearly full, and that of the primary for which writes are stopped. */
export function fullVolumes(observed: Observed, writesStopped: boolean): Trouble[] {
  return dataClaims(observed).flatMap(({ name, ordinal, capacity }) => {
    const pod = `${observed.name}-${ordinal}`;
    const usage = observed.usage?.get(pod);
    if (usage === undefined) return [];
    if (writesStopped && observed.leader === pod) {
      const message =
        `writes are stopped, because ${printPercent(usage)} of the primary's volume ${name} is used: raise ` +
        'spec.volume.size (or spec.volume.autoGrow.max), or make room as superuser with transaction_read_only off';
      return [{ reason: 'WritesStopped', message }];
    }
    const isFull = (usage.used * 100) / (usage.used + usage.free) >= nearlyFull;
    if (!isFull || !isLimited(usage, capacity?.bytes ?? 0)) return [];
    const message = `${printPercent(usage)} of volume ${name} is used: raise spec.volume.size`;
    return [{ reason: 'VolumeNearlyFull', message }];
  });
}
