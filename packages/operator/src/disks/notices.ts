import type { Configuration, Postgresql, Problem } from '@pgherd/api';
import type { Observed } from '../observe/observed.ts';
import { canChoose } from '../plan/disks.ts';
import { dataClaims } from '../volumes/data-claims.ts';
import { diskGoal, leastIops, leastThroughput, toGiB } from './disk-goal.ts';

/** What is to be said of a manifest's wishes about Amazon's disks that nothing comes of. */
export function diskNotices(
  manifest: Postgresql,
  configuration: Configuration,
  observed: Observed,
): Problem[] {
  const { type = '', iops = 0, throughput = 0 } = manifest.spec.volume;
  const { storage_resize_mode: mode } = configuration;
  const problem = (field: string, message: string): Problem => ({
    severity: 'warning',
    field: `spec.volume.${field}`,
    message,
  });
  const asked = Object.entries({ type, iops, throughput }).flatMap(([field, value]) =>
    value === '' || value === 0 ? [] : [field],
  );
  if (mode !== 'mixed')
    return [
      ...asked.map((field) =>
        problem(field, `nothing comes of it, because storage_resize_mode is ${mode}; it takes mixed.`),
      ),
      ...(mode === 'ebs' ? unseen(manifest, configuration, observed, problem) : []),
    ];
  return [
    ...(iops > 0 && iops < leastIops
      ? [problem('iops', `${iops} is not handed on: it takes at least ${leastIops}.`)]
      : []),
    ...(throughput > 0 && throughput < leastThroughput
      ? [problem('throughput', `${throughput} is not handed on: it takes at least ${leastThroughput}.`)]
      : []),
    ...(['iops', 'throughput'] as const)
      .filter((part) => asked.includes(part) && type !== '' && !canChoose(part, type))
      .map((part) => problem(part, `disks of the type ${type} do not let one choose it.`)),
    ...(asked.length > 0 ? unseen(manifest, configuration, observed, problem) : []),
  ];
}

/** Volumes that should change, and cannot, because they are not known or none of Amazon's. */
function unseen(
  manifest: Postgresql,
  configuration: Configuration,
  observed: Observed,
  problem: (field: string, message: string) => Problem,
): Problem[] {
  const goal = diskGoal(manifest, configuration, observed, 0);
  const field = configuration.storage_resize_mode === 'ebs' ? 'size' : 'type';
  const claims = dataClaims(observed).filter(
    ({ ordinal, capacity }) =>
      goal !== undefined &&
      ordinal < goal.members &&
      (goal.mode === 'mixed' || toGiB(goal.bytes) > toGiB(capacity?.bytes ?? Infinity)),
  );
  if (claims.length === 0) return [];
  const names = (some: { name: string }[]) => some.map(({ name }) => name).join(', ');
  if (observed.areVolumesHidden === true)
    return [
      problem(
        field,
        `the disks of ${names(claims)} are not known, because persistentvolumes may not be listed and watched: ` +
          '`pgherd operator rbac` prints this right.',
      ),
    ];
  const others = claims.filter(({ name }) => {
    const volume = observed.volumes?.get(name);
    return volume !== undefined && volume.disk === undefined;
  });
  return others.length === 0
    ? []
    : [problem(field, `${names(others)} stay as they are, because their volumes are no disks of Amazon's.`)];
}
