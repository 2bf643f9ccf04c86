import { parseQuantity, type Configuration, type Postgresql, type Problem } from '@pgherd/api';
import { toGiB } from '../disks/disk-goal.ts';
import { diskNotices } from '../disks/notices.ts';
import type { Observed } from '../observe/observed.ts';
import { autoGrowth } from '../volumes/auto-grow.ts';
import { brakeParameter, isOn } from '../volumes/brake.ts';
import { dataClaims, type DataClaim } from '../volumes/data-claims.ts';

type ResizeMode = Configuration['storage_resize_mode'];

/** What is to be said of volumes that have another size than the manifest's, and keep it. */
export function volumeNotices(
  manifest: Postgresql,
  configuration: Configuration,
  observed: Observed,
): Problem[] {
  const { storage_resize_mode: mode } = configuration;
  const { size, autoGrow } = manifest.spec.volume;
  const wanted = parseQuantity(size) ?? 0;
  const claims = dataClaims(observed);
  // Those that have grown by themselves are as they should be.
  const larger =
    autoGrow?.enabled === true
      ? []
      : claims.filter((claim) => sizeOf(claim, mode).bytes > roundedIn(mode, wanted));
  const smaller = mode === 'off' ? claims.filter(({ requested }) => requested.bytes < wanted) : [];
  const problem = (message: string): Problem => ({ severity: 'warning', field: 'spec.volume.size', message });
  return [
    ...(larger.length === 0
      ? []
      : [
          problem(
            `${listed(larger, mode)} stay as they are, because volumes never shrink; new members would get ${size}: ` +
              'set it to the largest of them.',
          ),
        ]),
    ...(smaller.length === 0
      ? []
      : [problem(`${listed(smaller, mode)} stay as they are, because storage_resize_mode is off.`)]),
    ...autoGrowNotices(manifest, mode, observed),
    ...diskNotices(manifest, configuration, observed),
    ...brakeNotices(manifest, observed),
  ];
}

function autoGrowNotices(manifest: Postgresql, mode: ResizeMode, observed: Observed): Problem[] {
  const { autoGrow } = manifest.spec.volume;
  if (autoGrow?.enabled !== true) return [];
  const field = 'spec.volume.autoGrow';
  if (mode === 'off' || mode === 'ebs') {
    const message = `nothing grows by itself, because storage_resize_mode is ${mode}; it takes pvc or mixed.`;
    return [{ severity: 'warning', field, message }];
  }
  const newest = Math.max(0, ...[...(observed.usage?.values() ?? [])].map(({ at }) => at));
  const { capped } = autoGrowth(manifest, observed, newest);
  if (capped.length === 0) return [];
  const message = `${capped.join(', ')} would grow, but has the largest size that it may have (${autoGrow.max}): raise it.`;
  return [{ severity: 'warning', field: `${field}.max`, reason: 'VolumeCapped', message }];
}

function brakeNotices({ spec }: Postgresql, observed: Observed): Problem[] {
  if (!isOn(observed) || spec.postgresql.parameters?.[brakeParameter] !== undefined) return [];
  const message =
    `the volume of the primary${observed.leader === undefined ? '' : ` ${observed.leader}`} is nearly full, so writes are ` +
    'stopped until there is room: make the volumes larger, or make room as superuser (set transaction_read_only to off).';
  return [{ severity: 'warning', field: 'spec.volume.size', reason: 'WritesStopped', message }];
}

/** Where disks grow below claims, what they have counts; it is whole GiB there. */
function sizeOf({ requested, capacity }: DataClaim, mode: ResizeMode): DataClaim['requested'] {
  return mode === 'ebs' && capacity !== undefined && capacity.bytes > requested.bytes ? capacity : requested;
}

function roundedIn(mode: ResizeMode, bytes: number): number {
  return mode === 'ebs' ? toGiB(bytes) * 1024 ** 3 : bytes;
}

function listed(claims: readonly DataClaim[], mode: ResizeMode): string {
  return claims.map((claim) => `${claim.name} (${sizeOf(claim, mode).text})`).join(', ');
}
