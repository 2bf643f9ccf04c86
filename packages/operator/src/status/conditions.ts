import type { Condition } from '@pgherd/api';
import { isStreaming } from '../observe/observed.ts';
import { diskReasons } from '../disks/troubles.ts';
import { growing } from '../volumes/data-claims.ts';
import { isPaused } from '../plan/hold.ts';
import { describePostponed, postponedSteps } from '../plan/maintenance.ts';
import { stepsOf, type Step } from '../plan/step.ts';
import { isComplete, neverRan } from './phase.ts';
import type { StatusInput } from './status.ts';
import { manifestTrouble, shorten, type Trouble } from './trouble.ts';

/** Ready, Progressing, Degraded, Invalid, Paused and Postponed; `troubles` are what is wrong besides the manifest. */
export function conditions(
  input: StatusInput,
  streaming: number,
  primary: string | undefined,
  troubles: Trouble[],
): Condition[] {
  const list = [
    ready(input, streaming, primary),
    progressing(input, streaming, primary),
    degraded(input, streaming, troubles),
    invalid(input),
    paused(input),
    postponed(input),
  ];
  return list.map((condition) => {
    const previous = input.previous.conditions?.find(({ type }) => type === condition.type);
    return {
      ...condition,
      lastTransitionTime:
        previous !== undefined && previous.status === condition.status
          ? previous.lastTransitionTime
          : input.now,
      observedGeneration: input.generation,
    };
  });
}

type Opinion = Pick<Condition, 'type' | 'status' | 'reason' | 'message'>;

function opinion(type: string, holds: boolean, reason: string, message: string): Opinion {
  return { type, status: holds ? 'True' : 'False', reason, message };
}

function ready(input: StatusInput, streaming: number, primary: string | undefined): Opinion {
  if (input.isDeleted === true) return opinion('Ready', false, 'Deleted', 'the cluster is being deleted');
  if (input.instances === 0 && input.problems.length === 0)
    return opinion('Ready', false, 'Stopped', 'numberOfInstances is 0');
  if (primary === undefined) return opinion('Ready', false, 'NoPrimary', 'no member is primary');
  if (input.writesStopped === true) {
    const message = `${primary} is primary and only reads: its volume is nearly full`;
    return opinion('Ready', false, 'WritesStopped', message);
  }
  return opinion(
    'Ready',
    true,
    'PrimaryAcceptsWrites',
    `${primary} is primary, ${counted(input, streaming)}`,
  );
}

function progressing(input: StatusInput, streaming: number, primary: string | undefined): Opinion {
  const later = new Set(postponedSteps(input.plan));
  const steps = stepsOf(input.plan).filter((step) => !later.has(step));
  const [next] = steps;
  if (next !== undefined) {
    const wait = next.waitFor === undefined ? '' : `, waiting until ${next.waitFor}`;
    const more = steps.length > 1 ? `, then ${steps.length - 1} more` : '';
    const reason = input.isDeleted === true ? 'Deleting' : 'StepsLeft';
    return opinion('Progressing', true, reason, `${next.what}${wait}${more}`);
  }
  if (!isComplete(input, streaming, primary) && input.problems.length === 0) {
    const leaving = input.observed.members.filter(({ ordinal }) => ordinal >= input.instances);
    return leaving.length > 0
      ? opinion(
          'Progressing',
          true,
          'MembersLeaving',
          `${leaving.map(({ name }) => name).join(', ')} on the way out`,
        )
      : opinion('Progressing', true, 'MembersStarting', counted(input, streaming));
  }
  return volumesGrowing(input) ?? opinion('Progressing', false, 'Complete', 'nothing to do');
}

/** Users of the database notice nothing of it, so the cluster counts as running meanwhile. */
function volumesGrowing({ observed }: StatusInput): Opinion | undefined {
  const claims = growing(observed);
  if (claims.length === 0) return undefined;
  const told = claims.map(
    ({ claim: { name, requested, capacity }, waitsFor }) =>
      `${name} grows from ${capacity?.text ?? ''} to ${requested.text}, waiting until ${waitsFor}`,
  );
  return opinion('Progressing', true, 'VolumesGrowing', shorten(told.join('; ')));
}

function degraded(input: StatusInput, streaming: number, troubles: Trouble[]): Opinion {
  const [worst] = troubles;
  if (worst !== undefined) {
    const isAboutPods = !input.failures.includes(worst) && !notAboutPods.includes(worst.reason);
    const reason = isAboutPods ? 'PodsWaiting' : worst.reason;
    return opinion('Degraded', true, reason, shorten(saidOnce(troubles)));
  }
  if (streaming < input.instances && lostMember(input)) {
    return opinion('Degraded', true, membersMissing, describeMissing(input, streaming));
  }
  return opinion('Degraded', false, 'AsExpected', 'no trouble seen');
}

/** Reasons of troubles that are seen, and are not those of pods. */
const notAboutPods = [
  'ReplicaIdle',
  'VolumeNotGrown',
  'WritesStopped',
  'VolumeNearlyFull',
  'SecretIncomplete',
  'PeopleUnknown',
  'PoolerStuck',
  ...diskReasons,
];

/** All troubles, but none that another one already says. */
function saidOnce(troubles: Trouble[]): string {
  const messages = [...new Set(troubles.map(({ message }) => message))];
  const isSaid = (message: string) => messages.some((other) => other !== message && other.includes(message));
  return messages.filter((message) => !isSaid(message)).join('; ');
}

/** Reason of `Degraded` when no pod reports a trouble of its own. */
const membersMissing = 'MembersMissing';

function describeMissing(input: StatusInput, streaming: number): string {
  const { observed, instances } = input;
  const late = observed.members.filter(
    (member) => member.ordinal < instances && !isStreaming(observed, member),
  );
  if (late.length === 0) {
    return `${counted(input, streaming)}: kubectl describe statefulset ${observed.name} says why there are not more pods`;
  }
  const who = late.map(({ name, state }) => `${name} (${state ?? 'no word from Patroni'})`).join(', ');
  const [first] = late;
  return shorten(
    `${counted(input, streaming)}, not ${who}: kubectl logs ${first?.name ?? ''} -c postgres says why`,
  );
}

/** Whether a member that did its part does not any more; one that has only been added is none. */
function lostMember({ previous, observed, instances }: StatusInput): boolean {
  const before = previous.conditions?.find(({ type }) => type === 'Degraded');
  const wasLost = before?.status === 'True' && [membersMissing, 'PodsWaiting'].includes(before.reason ?? '');
  if (wasLost && !neverRan(previous)) return true;
  const doesItsPart = (name: string) =>
    observed.members.some((member) => member.name === name && isStreaming(observed, member));
  const stays = (previous.members ?? []).slice(0, instances);
  return stays.some(
    ({ name, state }) => (state === 'streaming' || name === previous.primary) && !doesItsPart(name),
  );
}

function counted({ instances }: StatusInput, streaming: number): string {
  return streaming > instances
    ? `${streaming} members stream, ${instances} wanted`
    : `${streaming} of ${instances} members stream`;
}

function invalid({ problems }: StatusInput): Opinion {
  const trouble = manifestTrouble(problems);
  return trouble === undefined
    ? opinion('Invalid', false, 'Valid', 'the manifest can be acted on')
    : opinion('Invalid', true, trouble.reason, trouble.message);
}

function paused({ observed }: StatusInput): Opinion {
  return isPaused(observed)
    ? opinion(
        'Paused',
        true,
        'MaintenanceMode',
        `nobody takes over from a primary that fails, and nothing is restarted or replaced, until pgherd resume ${observed.name}`,
      )
    : opinion('Paused', false, 'AtWork', 'Patroni and the operator act by themselves');
}

function postponedBecause({ postponed: { because, at } = {} }: Step): string {
  return because ?? (at === undefined ? 'NewOperator' : 'MaintenanceWindow');
}

function postponed({ plan }: StatusInput): Opinion {
  const steps = postponedSteps(plan);
  const [first] = steps;
  const message = describePostponed(plan);
  if (first === undefined || message === undefined)
    return opinion('Postponed', false, 'NothingWaits', 'nothing waits for a window');
  return opinion('Postponed', true, postponedBecause(first), shorten(message));
}
