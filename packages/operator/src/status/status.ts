import type { Condition, MemberStatus, PostgresClusterStatus, PostgresqlStatus, Problem } from '@pgherd/api';
import { formatProblem } from '@pgherd/api';
import { isStreaming, leaderOf, type Observed } from '../observe/observed.ts';
import { stepsOf, type Plan } from '../plan/step.ts';

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
  /** What failed in this pass, for people. */
  failures: string[];
  /** RFC 3339, whole seconds. */
  now: string;
}

/** What the status should say. Equal to `previous` when nothing changed, so that nothing is written. Pure. */
export function computeStatus(input: StatusInput): PostgresqlStatus {
  const { observed, generation, instances } = input;
  const streaming = observed.members.filter((member) => isStreaming(observed, member));
  const leader = leaderOf(observed);
  const primary = leader !== undefined && isStreaming(observed, leader) ? leader.name : undefined;
  return {
    PostgresClusterStatus: phase(input, streaming.length, primary),
    observedGeneration: generation,
    conditions: conditions(input, streaming.length, primary),
    instances,
    readyInstances: streaming.length,
    ...(primary === undefined ? {} : { primary }),
    members: observed.members.map((member): MemberStatus => ({
      name: member.name,
      ...(member.role === undefined ? {} : { role: member.role }),
      ...(member.state === undefined
        ? {}
        : { state: isStreaming(observed, member) && member !== leader ? 'streaming' : member.state }),
      ...(member.timeline === undefined ? {} : { timeline: member.timeline }),
      ...(member.pendingRestart ? { pendingRestart: true } : {}),
    })),
  };
}

function isComplete(input: StatusInput, streaming: number, primary: string | undefined): boolean {
  if (stepsOf(input.plan).length > 0) return false;
  if (input.instances === 0) return input.observed.members.length === 0;
  return (
    primary !== undefined && streaming === input.instances && input.observed.members.length === streaming
  );
}

/** Zalando's one word. A cluster that never ran is being created until it runs. */
function phase(input: StatusInput, streaming: number, primary: string | undefined): PostgresClusterStatus {
  if (input.problems.length > 0) return 'Invalid';
  const isNew =
    neverRan(input.previous) ||
    (input.previous.PostgresClusterStatus === 'Invalid' && input.observed.members.length === 0);
  if (input.failures.length > 0) return isNew ? 'CreateFailed' : 'UpdateFailed';
  if (isComplete(input, streaming, primary)) return 'Running';
  return isNew ? 'Creating' : 'Updating';
}

function neverRan({ PostgresClusterStatus: word = '' }: PostgresqlStatus): boolean {
  return ['', 'Creating', 'CreateFailed'].includes(word);
}

function conditions(input: StatusInput, streaming: number, primary: string | undefined): Condition[] {
  const list = [
    ready(input, streaming, primary),
    progressing(input, streaming, primary),
    degraded(input, streaming),
    invalid(input),
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
  if (input.instances === 0) return opinion('Ready', false, 'Stopped', 'numberOfInstances is 0');
  if (primary === undefined) return opinion('Ready', false, 'NoPrimary', 'no member is primary');
  return opinion(
    'Ready',
    true,
    'PrimaryAcceptsWrites',
    `${primary} is primary, ${counted(input, streaming)}`,
  );
}

function progressing(input: StatusInput, streaming: number, primary: string | undefined): Opinion {
  const steps = stepsOf(input.plan);
  const [next] = steps;
  if (next !== undefined) {
    const wait = next.waitFor === undefined ? '' : `, waiting until ${next.waitFor}`;
    const more = steps.length > 1 ? `, then ${steps.length - 1} more` : '';
    return opinion('Progressing', true, 'StepsLeft', `${next.what}${wait}${more}`);
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
  return opinion('Progressing', false, 'Complete', 'nothing to do');
}

function degraded(input: StatusInput, streaming: number): Opinion {
  if (input.failures.length > 0) {
    return opinion('Degraded', true, 'StepFailed', input.failures.join('; ').slice(0, 1000));
  }
  const waiting = input.observed.members.filter(
    (member) => member.waiting !== undefined && !isHarmless(member.waiting),
  );
  if (waiting.length > 0) {
    const each = waiting.map((member) => `${member.name}: ${member.waiting ?? ''}`);
    return opinion('Degraded', true, 'PodsWaiting', each.join('; ').slice(0, 1000));
  }
  if (streaming < input.instances && lostMember(input)) {
    return opinion('Degraded', true, 'MembersMissing', counted(input, streaming));
  }
  return opinion('Degraded', false, 'AsExpected', 'no trouble seen');
}

/** Whether a member that did its part does not any more; one that has only been added is none. */
function lostMember({ previous, observed, instances }: StatusInput): boolean {
  const before = previous.conditions?.find(({ type }) => type === 'Degraded');
  const wasLost =
    before?.status === 'True' && ['MembersMissing', 'PodsWaiting'].includes(before.reason ?? '');
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

/** States that every pod goes through. */
function isHarmless(waiting: string): boolean {
  return /^(ContainerCreating|PodInitializing)\b/.test(waiting);
}

function invalid(input: StatusInput): Opinion {
  if (input.problems.length === 0) return opinion('Invalid', false, 'Valid', 'the manifest can be acted on');
  return opinion(
    'Invalid',
    true,
    'ManifestInvalid',
    `${input.problems.map(formatProblem).join(' ')} The cluster is left as it is until the manifest is corrected.`,
  );
}
