import type { LastError, PostgresqlStatus, Problem } from '@pgherd/api';
import type { StatefulSet } from '@pgherd/kube/objects';
import { kinds } from '../kinds.ts';
import { find, isStreaming, leaderOf, type Observed } from '../observe/observed.ts';
import type { Origin } from '../maintenance/maintenance.ts';
import { stepsOf, type Plan } from '../plan/step.ts';
import { conditions } from './conditions.ts';
import { memberStatuses } from './members.ts';
import { phase } from './phase.ts';
import { scheduledStatuses } from './scheduled.ts';
import { stepStatuses } from './steps.ts';
import { volumeStatuses } from './volumes.ts';
import { observedTroubles } from './observed-troubles.ts';
import { manifestTrouble, shorten, type Trouble } from './trouble.ts';

/** All that the status is computed from. */
export interface StatusInput {
  generation: number;
  previous: PostgresqlStatus;
  /** What stands after this pass. */
  observed: Observed;
  /** Members that there should be. */
  instances: number;
  /** What is still to be done. */
  plan: Plan;
  /** Errors of validation; nothing is acted on while there are any. */
  problems: Problem[];
  /** What failed in this pass. */
  failures: Trouble[];
  /** Names of the Secrets that the cluster's roles need. */
  secrets: string[];
  /** How many bytes a pod was behind the primary when it last said where it is; undefined when not known. */
  lagOf: (pod: string) => number | undefined;
  /** RFC 3339, whole seconds. */
  now: string;
  /** Replicas that do not follow. */
  idle?: Trouble[];
  /** What the cluster is made from when nothing is left to be done. */
  origin?: Origin;
  /** Writes are stopped, because the primary's volume is nearly full. */
  writesStopped?: boolean;
  /** The manifest was deleted, and the cluster is being taken down. */
  isDeleted?: boolean;
}

/** What the status should say. Equal to `previous` when nothing changed, so that nothing is written. Pure. */
export function computeStatus(input: StatusInput): PostgresqlStatus {
  const { observed, generation, instances, previous, lagOf } = input;
  const streaming = observed.members.filter((member) => isStreaming(observed, member)).length;
  const leader = leaderOf(observed);
  const primary = leader !== undefined && isStreaming(observed, leader) ? leader.name : undefined;
  const troubles = [
    ...input.failures,
    ...(input.idle ?? []),
    ...observedTroubles(observed, input.secrets, input.writesStopped),
  ];
  return {
    PostgresClusterStatus: phase(input, streaming, primary),
    observedGeneration: generation,
    conditions: conditions(input, streaming, primary, troubles),
    instances,
    readyInstances: streaming,
    ...(primary === undefined ? {} : { primary }),
    members: memberStatuses(observed, previous, lagOf),
    ...volumesOf(input),
    ...stepStatuses(input.plan),
    ...originStatus(input),
    ...scheduledStatuses(observed),
    ...lastError(input, troubles),
    ...databaseImage(observed),
    ...patroniStore(observed),
  };
}

function volumesOf({ observed, previous }: StatusInput): Pick<PostgresqlStatus, 'volumes'> {
  const volumes = volumeStatuses(observed, previous);
  return volumes.length === 0 ? {} : { volumes };
}

/**
 * While something is left it may be what an older version or manifest wanted: that stays until all is in force. SQL and
 * changes of disks take nobody away, and some of it may be refused for good.
 */
function originStatus({ origin, plan, previous }: StatusInput): Pick<PostgresqlStatus, 'origin'> {
  const kept =
    origin !== undefined && stepsOf(plan).every(({ action }) => ['sql', 'disk'].includes(action.type))
      ? origin
      : previous.origin;
  return kept === undefined ? {} : { origin: kept };
}

/** The worst that is wrong now. It is gone as soon as nothing is; events tell of what was. */
function lastError(input: StatusInput, troubles: Trouble[]): { lastError?: LastError } {
  const worst = manifestTrouble(input.problems) ?? troubles[0];
  if (worst === undefined) return {};
  const before = input.previous.lastError;
  const since = before?.reason === worst.reason ? before.since : input.now;
  return { lastError: { reason: worst.reason, message: shorten(worst.message), since } };
}

function databaseImage(observed: Observed): { image?: string } {
  const image = postgresContainer(observed)?.image;
  return image === undefined ? {} : { image };
}

/** As the pods are told; the same names as Spilo's environment has. */
function patroniStore(observed: Observed): { store?: string } {
  const env = postgresContainer(observed)?.env;
  if (env === undefined) return {};
  const isSet = (name: string) => env.some((each) => each.name === name && each.value !== '');
  if (isSet('ETCD_HOST')) return { store: 'etcd' };
  return { store: isSet('KUBERNETES_USE_CONFIGMAPS') ? 'configmaps' : 'endpoints' };
}

function postgresContainer(observed: Observed) {
  const set = find(observed, kinds.statefulSet, observed.name) as StatefulSet | undefined;
  return set?.spec?.template.spec?.containers.find(({ name }) => name === 'postgres');
}
