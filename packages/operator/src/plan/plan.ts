import type { StatefulSet } from '@pgherd/kube/objects';
import type { PatroniStore } from '@pgherd/patroni';
import type { DiskGoal } from '../disks/disk-goal.ts';
import { planHealing, type HealingGoal } from '../healing/rebuild.ts';
import { kinds, type Desired } from '../kinds.ts';
import type { Maintenance } from '../maintenance/maintenance.ts';
import { find, type Observed } from '../observe/observed.ts';
import { planConfiguration, type ConfigurationGoal } from './configuration.ts';
import { claimsBeforeDisks, planDisks } from './disks.ts';
import { planDatabase, type DatabaseGoal } from './database.ts';
import { drainFirst, drainSteps } from './drain.ts';
import { holdBack } from './hold.ts';
import { localRestarts } from './local-configuration.ts';
import { postpone } from './maintenance.ts';
import { planObjects } from './objects.ts';
import type { Found } from './parts.ts';
import { planPods, type PodOptions } from './pods.ts';
import { withPoolerPauses } from './pooler-pauses.ts';
import { removeUnwanted } from './removal.ts';
import type { Plan, Step, Track } from './step.ts';
import { planStoreMove } from './store-move.ts';
import { planVolumes, type VolumeGoal } from './volumes.ts';

/** All that should be: what `render` and the declared roles and databases say. */
export interface Goal {
  objects: Desired[];
  /** What exists and is no longer wanted, in the order in which it goes. */
  unwanted?: Found[];
  /** Undefined when there is nothing to do over SQL: no access wanted, no instances, or a standby cluster. */
  database: DatabaseGoal | undefined;
  /** Undefined when Patroni's configuration is not to be touched. */
  configuration: ConfigurationGoal | undefined;
  pods: PodOptions;
  /** Where Patroni's state is to move to; absent: it stays. */
  store?: PatroniStore;
  /** Undefined when claims are not to be touched. */
  volumes?: VolumeGoal;
  /** Undefined when disks are not to be touched. */
  disks?: DiskGoal;
  /** Undefined: no replica is rebuilt. */
  healing?: HealingGoal;
  /** Undefined: what disturbs is done at any time. */
  maintenance?: Maintenance;
}

/** The difference between what should be and what is, as ordered steps. Pure. */
export function plan(goal: Goal, observed: Observed): Plan {
  const isMade = ({ kind, object }: Desired) =>
    kind === kinds.statefulSet && find(observed, kind, object.metadata.name ?? '') !== undefined;
  const statefulSet = goal.objects.find(isMade);
  const pods = [...planPods(statefulSet, observed, goal.pods), ...drainSteps(statefulSet, observed)];
  const tracks: Track[] = [
    {
      name: 'objects',
      steps: [
        ...(goal.store === undefined ? [] : planStoreMove(goal.store, observed)),
        ...planObjects(
          goal.objects.filter((desired) => desired !== statefulSet),
          observed,
          goal.pods.ignoredAnnotations,
        ),
        ...removeUnwanted(goal.unwanted ?? [], observed),
      ],
    },
    ...planDisks(goal.disks, goal.volumes, observed),
    ...planVolumes(volumesAfterDisks(goal, observed), observed),
    { name: 'pods', steps: pods },
    { name: 'replicas', steps: planHealing(goal.healing, observed) },
    {
      name: 'configuration',
      steps:
        goal.configuration === undefined
          ? []
          : besideRollout(configurationSteps(goal.configuration, statefulSet, observed), pods),
    },
    { name: 'database', steps: planDatabase(goal.database, observed) },
  ];
  const held = holdBack(
    tracks.filter(({ steps }) => steps.length > 0),
    observed,
  );
  const timely = drainFirst(postpone(held, observed, goal.maintenance));
  return { tracks: withPoolerPauses(oneByOne(timely), observed) };
}

function volumesAfterDisks({ volumes, disks }: Goal, observed: Observed): VolumeGoal | undefined {
  return volumes === undefined ? undefined : { ...volumes, awaitsDisk: claimsBeforeDisks(disks, observed) };
}

/**
 * No replica is rebuilt while pods go; but they may wait for the very replica that has to be, or for a window. While the
 * primary moves nobody is restarted: who was a replica a moment ago may be the primary.
 */
function oneByOne(tracks: Track[]): Track[] {
  const pods = tracks.find(({ name }) => name === 'pods')?.steps ?? [];
  if (!goesOn(pods)) return tracks;
  const others = tracks.filter(({ name }) => name !== 'replicas');
  const last = pods.find(({ observeAfter }) => observeAfter === true);
  if (last?.action.type !== 'switchover' || last.waitFor !== undefined) return others;
  return others.map((track) =>
    track.name === 'configuration'
      ? { ...track, steps: firstRestartWaits(track.steps, 'the primary has moved') }
      : track,
  );
}

/**
 * What members share, then the restarts that follow from it, or else from what each has of its own. Where both change, one
 * restart is for both, and waits for news of both.
 */
function configurationSteps(
  goal: ConfigurationGoal,
  statefulSet: Desired | undefined,
  observed: Observed,
): Step[] {
  const steps = planConfiguration(goal, observed);
  const template = (statefulSet?.object as StatefulSet | undefined)?.spec?.template;
  const local = localRestarts(template, observed, goal.version);
  const isRestart = ({ action }: Step): boolean => action.type === 'restart';
  if (!steps.some(isRestart)) return [...steps, ...local];
  const [first] = local;
  if (first === undefined) return steps;
  return steps.map((step) =>
    isRestart(step)
      ? {
          ...step,
          why: [...step.why, ...first.why],
          takesIn: [...(step.takesIn ?? []), ...(first.takesIn ?? [])],
        }
      : step,
  );
}

function goesOn([next]: Step[]): boolean {
  return next !== undefined && next.waitFor === undefined;
}

/**
 * A member whose pod is replaced starts with the new configuration; to restart it before would be for nothing. The
 * others are restarted after the last replacement: never are two members away at once.
 */
function besideRollout(steps: Step[], pods: Step[]): Step[] {
  const replaced = new Set(
    pods.flatMap(({ action }) =>
      action.type === 'delete' && action.kind === kinds.pod ? [action.name] : [],
    ),
  );
  if (replaced.size === 0) return steps;
  const left = steps.filter(({ action }) => action.type !== 'restart' || !replaced.has(action.member));
  return firstRestartWaits(left, 'the rolling update is done');
}

function firstRestartWaits(steps: Step[], waitFor: string): Step[] {
  const first = steps.find(({ action }) => action.type === 'restart');
  return steps.map((step) => (step === first ? { ...step, waitFor } : step));
}
