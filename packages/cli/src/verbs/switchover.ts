import { PatroniError } from '@pgherd/patroni';
import { CommandError, exitCode } from '../exit-code.ts';
import { withWork, type VerbOptions, type Work } from './common.ts';
import { formatMoment, formatWritten, parseMoment } from './moment.ts';
import { checkpoint } from './checkpoint.ts';
import { tellInEvent } from './event.ts';
import { poolersFor } from './poolers.ts';
import { mayNotLead, memberOf, workingPrimary, type Situation } from './situation.ts';
import { chooseForSwitchover, namedMember } from './successor.ts';
import { untilSettled } from './settled.ts';

/** Options of `pgherd switchover`. */
export interface SwitchoverOptions extends VerbOptions {
  to?: string;
  at?: string;
  cancel: boolean;
}

/** `pgherd switchover NAME [--to MEMBER] [--at TIME | --cancel]` */
export async function switchover(name: string, options: SwitchoverOptions): Promise<void> {
  const { to, at, cancel } = options;
  if (cancel && (to !== undefined || at !== undefined)) {
    throw new CommandError('--cancel goes with neither --to nor --at', exitCode.wrongUsage);
  }
  const moment = at === undefined ? undefined : parseMoment(at, new Date());
  await withWork('switchover', name, options, async (work) => {
    if (cancel) await takeBack(work);
    else if (moment !== undefined) await schedule(work, to, moment);
    else await switchNow(work, to);
  });
}

async function switchNow(work: Work, to: string | undefined): Promise<void> {
  const { situation, reach, account, target } = work;
  const primary = workingPrimary(situation);
  if (primary !== undefined && primary.name === to) {
    account.tell(`${to} is the primary already`);
    account.end({ primary: primary.name });
    return;
  }
  const successor = chooseForSwitchover(situation, to);
  const leader = primary?.name ?? '';
  const poolers = await poolersFor(target, situation.name, 'switchover');
  await work.ask(
    [
      `${successor.name} becomes primary of ${situation.namespace}/${situation.name} instead of ${leader}.`,
      'Clients of the primary lose their connections and can write again within seconds. Nothing is lost.',
      ...poolers.clients,
      ...replaced(situation, 'is dropped by this one'),
      ...(situation.paused ? ['The cluster is paused; Patroni makes this switchover all the same.'] : []),
    ],
    'Switch over?',
  );
  account.begin();
  // What takes long comes first: from the pause on, clients wait.
  await checkpoint(target, leader);
  const { patroni, drop } = await reach.prepared(leader);
  const notes = await poolers
    .whilePaused(async () => {
      try {
        await patroni.switchover({ leader, candidate: successor.name });
      } catch (error) {
        // Without an answer Patroni may be at it: what happens tells.
        if (!(error instanceof PatroniError && error.status === undefined)) throw refusal(error);
        account.tell(`${error.message}; looking whether it was done`);
      }
    })
    .finally(drop);
  for (const note of notes) account.tell(note);
  const told = tellInEvent(
    target,
    situation.name,
    'Switchover',
    [`by hand, from ${leader} to ${successor.name}`, ...notes].join('; '),
  );
  await Promise.all([untilSettled(work, { former: leader, successor: successor.name }), told]);
}

/** Patroni's reason in its own words. */
function refusal(error: unknown): unknown {
  return error instanceof PatroniError
    ? new CommandError(`Patroni refused: ${error.message.replace(/^.*Patroni answered \d+: /, '')}`)
    : error;
}

async function schedule(work: Work, to: string | undefined, moment: Date): Promise<void> {
  const { situation, reach, account } = work;
  const primary = workingPrimary(situation);
  if (situation.paused)
    throw new CommandError(`the cluster is paused: Patroni schedules nothing until \`pgherd resume\``);
  if (primary === undefined) throw new CommandError('there is no working primary to schedule it with');
  if (situation.members.length < 2)
    throw new CommandError('the cluster has one member only: nobody can take over');
  if (to !== undefined) {
    const member = namedMember(situation, to);
    if (member === primary) throw new CommandError(`${to} is the primary already`);
    if (mayNotLead(member)) throw new CommandError(`${to} cannot take over: its tags forbid it (nofailover)`);
  }
  await work.ask(
    [
      `At ${formatMoment(moment)} ${to ?? 'the best replica'} becomes primary of ${situation.namespace}/${situation.name} instead of ${primary.name}.`,
      `Patroni checks then whether that is possible, and drops it when ${primary.name} is not the primary any more.`,
      ...replaced(situation, 'is replaced by this one'),
    ],
    'Schedule it?',
  );
  const request = { leader: primary.name, scheduledAt: moment.toISOString() };
  try {
    await reach
      .patroni(primary.name)
      .switchover({ ...request, ...(to === undefined ? {} : { candidate: to }) });
  } catch (error) {
    throw refusal(error);
  }
  account.tell(
    `switchover from ${primary.name} to ${to ?? 'the best replica'} scheduled for ${formatMoment(moment)}`,
  );
  account.end({ scheduledAt: moment.toISOString() });
}

function replaced({ asked }: Situation, what: string): string[] {
  return asked === undefined ? [] : [`The switchover that was asked for (${describeAsked(asked)}) ${what}.`];
}

/** A switchover that was asked for, in words. */
export function describeAsked({ leader, candidate, scheduledAt }: NonNullable<Situation['asked']>): string {
  const from = leader === undefined ? '' : `from ${leader} `;
  const when = scheduledAt === undefined ? 'now' : `at ${formatWritten(scheduledAt)}`;
  return `${from}to ${candidate ?? 'the best replica'} ${when}`;
}

async function takeBack(work: Work): Promise<void> {
  const { situation, reach, account } = work;
  const { asked, holder, members } = situation;
  const asker =
    (holder === undefined ? undefined : memberOf(situation, holder)) ??
    members.find(({ view }) => view !== undefined);
  if (asked?.scheduledAt === undefined || asker === undefined) {
    throw new CommandError(
      `no switchover of ${situation.name} is scheduled${members.length > 0 && asker === undefined ? ' that could be reached' : ''}`,
      exitCode.notFound,
    );
  }
  try {
    await reach.patroni(asker.name).cancelSwitchover();
  } catch (error) {
    if (error instanceof PatroniError && error.status === 404) {
      throw new CommandError(`no switchover of ${situation.name} is scheduled`, exitCode.notFound);
    }
    throw refusal(error);
  }
  account.tell(`switchover taken back: ${describeAsked(asked)}`);
  account.end();
}
