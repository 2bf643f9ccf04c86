import { persistentVolumes } from '@pgherd/kube/objects';
import { isChanging, shapeOf, type Disk, type DiskChange, type DiskShape } from '../disks/disk.ts';
import { claimsOnDisks, toGiB, type ClaimOnDisk, type DiskGoal } from '../disks/disk-goal.ts';
import { isSameChange, type DiskRefusal } from '../disks/disk-sight.ts';
import type { Observed } from '../observe/observed.ts';
import type { Step, Track } from './step.ts';
import { wantedSize, type VolumeGoal } from './volumes.ts';

/**
 * Changes of the disks below the claims, through Amazon's API. Each disk is a track of its own. They stand before the
 * growth of the claims, because a disk can be changed only a few times a day, and not before the last change is over: what
 * becomes of it is asked for at once, with its size. Growth alone is left to the claim, but in the mode `ebs`, in which claims stay as they are.
 */
export function planDisks(
  goal: DiskGoal | undefined,
  volumes: VolumeGoal | undefined,
  observed: Observed,
): Track[] {
  return claimsOnDisks(goal, observed).flatMap((claim): Track[] => {
    const disk = observed.disks?.disks.get(claim.disk);
    if (goal === undefined || disk === undefined) return [];
    const change = changeOf(goal, wantedSize(goal, volumes, claim), shapeOf(disk));
    const steps = change === undefined ? [] : [modifyStep(claim, disk, change, goal.now, observed)];
    const grown = goal.mode === 'ebs' ? growFileSystem(goal, claim, disk, steps.length > 0, observed) : [];
    const all = [...steps, ...grown];
    return all.length === 0 ? [] : [{ name: 'volumes', steps: all }];
  });
}

/** Claims that must not grow yet: what else becomes of their disks is not known before Amazon has been asked. */
export function claimsBeforeDisks(goal: DiskGoal | undefined, observed: Observed): ReadonlySet<string> {
  const { disks } = observed;
  if (goal?.mode !== 'mixed' || disks === undefined || disks.failure !== undefined) return new Set();
  return new Set(
    claimsOnDisks(goal, observed)
      .filter(({ disk }) => !disks.disks.has(disk))
      .map(({ name }) => name),
  );
}

/** Each change counts against how often a disk can be changed, also one that failed. */
const afterFailureMs = 6 * 3_600_000;

/** Kinds of disks for which operations, and throughput, can be chosen. */
const withIops = ['gp3', 'io1', 'io2'];
const withThroughput = ['gp3'];

/** Whether this can be chosen for a disk of this type. */
export function canChoose(part: 'iops' | 'throughput', type: string): boolean {
  return (part === 'iops' ? withIops : withThroughput).includes(type);
}

function changeOf(goal: DiskGoal, bytes: number, shape: DiskShape): DiskChange | undefined {
  const migrates = shape.type === 'gp2' && goal.gp3Below !== undefined && shape.sizeGiB < goal.gp3Below;
  const type = goal.type ?? (migrates ? 'gp3' : shape.type);
  const { iops, throughput } = goal;
  // Another type begins with numbers of its own.
  const isOther = type !== shape.type;
  const isAsked = (part: 'iops' | 'throughput') =>
    goal[part] !== undefined && canChoose(part, type) && (isOther || goal[part] !== shape[part]);
  const change: DiskChange = {
    ...(isOther ? { type } : {}),
    ...(iops !== undefined && isAsked('iops') ? { iops } : {}),
    ...(throughput !== undefined && isAsked('throughput') ? { throughput } : {}),
  };
  const grows = toGiB(bytes) > shape.sizeGiB;
  if (Object.keys(change).length === 0 && !(grows && goal.mode === 'ebs')) return undefined;
  return { ...change, ...(grows ? { sizeGiB: toGiB(bytes) } : {}) };
}

function modifyStep(
  { name, disk: id }: ClaimOnDisk,
  disk: Disk,
  change: DiskChange,
  now: number,
  observed: Observed,
): Step {
  return {
    what: `modify disk ${id} of ${name}`,
    why: reasonsOf(change, shapeOf(disk)),
    disturbs: 'nothing',
    action: { type: 'disk', disk: id, change },
    ...waitOf(disk, change, observed.disks?.refusals.get(id), now),
  };
}

function reasonsOf(change: DiskChange, { type, sizeGiB, iops, throughput }: DiskShape): string[] {
  const reason = <T extends string | number>(what: string, before?: T, after?: T, unit = '') =>
    after === undefined ? [] : [`${what}: ${before ?? 'none'} → ${after}${unit}`];
  return [
    ...reason('type', type, change.type),
    ...reason('iops', iops, change.iops),
    ...reason('throughput', throughput, change.throughput, ' MiB/s'),
    ...reason('size', sizeGiB, change.sizeGiB, ' GiB'),
  ];
}

/**
 * Nothing is wrong while it waits: the cluster counts as running. How often a disk can be changed is Amazon's to say (four
 * times in 24 hours since 2026, before and elsewhere once in six hours): what it refuses is asked for again later.
 */
function waitOf(
  disk: Disk,
  change: DiskChange,
  refusal: DiskRefusal | undefined,
  now: number,
): Pick<Step, 'waitFor' | 'isHeld' | 'postponed'> {
  const { id, modification } = disk;
  const wait = (waitFor: string, at?: number): Pick<Step, 'waitFor' | 'isHeld' | 'postponed'> => ({
    waitFor,
    isHeld: true,
    postponed: { because: 'DiskNotReady', ...(at === undefined ? {} : { at }) },
  });
  if (isChanging(disk))
    return wait(`the change of ${id} that is on its way is over (${modification?.state})`);
  const retryAt = (modification?.startedAt ?? 0) + afterFailureMs;
  if (modification?.state === 'failed' && now < retryAt) {
    const { message = 'Amazon does not say why' } = modification;
    return wait(
      `Amazon is asked again at ${timeOf(retryAt)}: the last change of ${id} failed: ${message}`,
      retryAt,
    );
  }
  if (refusal === undefined || now >= refusal.until) return {};
  const isCooling = refusal.kind === 'cooling';
  if (!isCooling && !isSameChange(refusal.change, change)) return {};
  const said = isCooling ? `: ${refusal.message}` : '';
  return wait(`Amazon is asked again at ${timeOf(refusal.until)}${said}`, refusal.until);
}

function timeOf(at: number): string {
  return `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

/**
 * The volume says how large its file system was last made, so nothing has to be remembered: it is grown as soon as the
 * disk is larger, and the volume says so afterwards.
 */
function growFileSystem(
  goal: DiskGoal,
  { name, ordinal, disk: id }: ClaimOnDisk,
  disk: Disk,
  isModified: boolean,
  observed: Observed,
): Step[] {
  const volume = observed.volumes?.get(name);
  if (volume === undefined) return [];
  const size = `${toGiB(goal.bytes)}Gi`;
  const why = [`spec.volume.size: ${volume.capacity ?? 'unknown'} → ${size}`];
  const pod = `${observed.name}-${ordinal}`;
  const isLarger = !isModified && disk.modification?.state !== 'modifying';
  const runs = observed.members.some((member) => member.name === pod && member.running);
  const waitFor = !isLarger ? `Amazon has made ${id} larger` : runs ? undefined : `${pod} runs`;
  return [
    {
      what: `grow the file system of ${pod}`,
      why,
      disturbs: 'nothing',
      action: { type: 'file-system', pod },
      ...(waitFor === undefined ? {} : { waitFor }),
    },
    {
      what: `set the capacity of persistentvolume ${volume.name} to ${size}`,
      why,
      disturbs: 'nothing',
      action: {
        type: 'patch',
        kind: persistentVolumes,
        namespace: '',
        name: volume.name,
        patch: {
          metadata: { uid: volume.uid, resourceVersion: volume.resourceVersion },
          spec: { capacity: { storage: size } },
        },
      },
    },
  ];
}
