import { PatroniError, plannedStartSeconds } from '@pgherd/patroni';
import { pendingChanges, sharedChangeOf } from '@pgherd/operator';
import { CommandError, exitCode } from '../exit-code.ts';
import { withWork, type VerbOptions, type Work } from './common.ts';
import { formatMoment, formatWritten, parseMoment } from './moment.ts';
import { checkpoint } from './checkpoint.ts';
import { tellInEvent } from './event.ts';
import { poolersFor } from './poolers.ts';
import { memberOf, streams, workingPrimary, type Situation, type Standing } from './situation.ts';
import { namedMember } from './successor.ts';

/** Options of `pgherd restart`. */
export interface RestartOptions extends VerbOptions {
  pending: boolean;
  at?: string;
  cancel: boolean;
}

/** `pgherd restart NAME [MEMBER] [--pending] [--at TIME | --cancel]` */
export async function restart(
  name: string,
  member: string | undefined,
  options: RestartOptions,
): Promise<void> {
  const { pending, at, cancel } = options;
  if (cancel && (pending || at !== undefined)) {
    throw new CommandError('--cancel goes with neither --pending nor --at', exitCode.wrongUsage);
  }
  const moment = at === undefined ? undefined : parseMoment(at, new Date());
  await withWork('restart', name, options, async (work) => {
    const { situation } = work;
    const all = member === undefined ? situation.members : [namedMember(situation, member)];
    if (cancel) return takeBack(work, all);
    const chosen = inOrder(situation, pending ? all.filter(({ view }) => view?.pendingRestart) : all);
    if (chosen.length === 0) {
      work.account.tell('no restart is pending');
      work.account.end();
      return undefined;
    }
    refuseBroken(chosen);
    return moment === undefined ? restartNow(work, chosen, pending) : schedule(work, chosen, pending, moment);
  });
}

/**
 * Replicas first, the primary last, unless a setting is lowered that replicas must not have lower than the primary: they
 * would refuse to start.
 */
function inOrder(situation: Situation, members: Standing[]): Standing[] {
  const primary = workingPrimary(situation);
  const first = primary !== undefined && lowers(primary) ? 1 : -1;
  return members.toSorted((a, b) => first * (Number(b === primary) - Number(a === primary)));
}

function lowers({ view }: Standing): boolean {
  const { raised, lowered } = sharedChangeOf(pendingChanges(view?.raw));
  return lowered && !raised;
}

function refuseBroken(members: Standing[]): void {
  const broken = members.find(({ view, leaving }) => view === undefined || leaving);
  if (broken === undefined) return;
  const why = broken.leaving ? 'its pod is about to go' : `its Patroni does not answer (${broken.silence})`;
  throw new CommandError(`${broken.name} cannot be restarted: ${why}`);
}

async function restartNow(work: Work, chosen: Standing[], pending: boolean): Promise<void> {
  const { situation, reach, account, wait, target } = work;
  const primary = workingPrimary(situation);
  const poolers = await poolersFor(target, situation.name, 'restart');
  await work.ask(
    [
      `PostgreSQL is restarted on ${chosen.map(({ name }) => name).join(', then ')}, one at a time.`,
      ...(primary !== undefined && chosen.includes(primary)
        ? [
            `${primary.name} is the primary: all clients lose their connections, and nobody writes until it is back.`,
            ...poolers.clients,
          ]
        : ['Clients of these replicas lose their connections.']),
    ],
    'Restart?',
  );
  account.begin();
  for (const { name } of chosen) {
    const before = (await reach.patroni(name).patroni()).startedAt;
    // What takes long comes first: from the pause on, clients wait.
    if (name === primary?.name) await checkpoint(target, name);
    const { patroni, drop } = await reach.prepared(name);
    const act = async () => {
      try {
        await patroni.restart({
          timeoutSeconds: plannedStartSeconds,
          ...(pending ? { restartPending: true } : {}),
        });
      } catch (error) {
        if (!(error instanceof PatroniError && error.status === undefined)) throw refusal(name, error);
        account.tell(`${error.message}; looking whether it was done`);
      }
    };
    const acted = name === primary?.name ? poolers.whilePaused(act) : act().then(() => []);
    const notes = await acted.finally(drop);
    for (const note of notes) account.tell(note);
    await tellInEvent(target, situation.name, 'Restart', [`by hand, of ${name}`, ...notes].join('; '));
    await wait(`${name} to be back`, async () => {
      const now = await reach.look();
      const member = memberOf(now, name);
      const isNew = member?.view?.startedAt !== undefined && member.view.startedAt !== before;
      return isNew && member !== undefined && (member === workingPrimary(now) || streams(now, member));
    });
    account.tell(`${name} has restarted${name === primary?.name ? ', and is the primary' : ', and streams'}`);
    // It publishes within `loop_wait` (10 s) that nothing is pending any more.
    await reach.patroni(name).wakeUp();
  }
  account.end();
}

async function schedule(work: Work, chosen: Standing[], pending: boolean, moment: Date): Promise<void> {
  const { situation, reach, account } = work;
  if (situation.paused)
    throw new CommandError('the cluster is paused: Patroni schedules nothing until `pgherd resume`');
  const planned = chosen.find(({ view }) => view?.scheduledRestart !== undefined);
  if (planned !== undefined) {
    throw new CommandError(
      `${planned.name} has a restart scheduled for ${formatWritten(planned.view?.scheduledRestart ?? '')}: take it back with --cancel first`,
    );
  }
  await work.ask(
    [
      `At ${formatMoment(moment)} PostgreSQL is restarted on ${chosen.map(({ name }) => name).join(', ')}${pending ? ', where a restart is pending then' : ''}.`,
      'All of them do it at that moment; Patroni forgets it when PostgreSQL is restarted before.',
    ],
    'Schedule it?',
  );
  const request = {
    schedule: moment.toISOString(),
    timeoutSeconds: plannedStartSeconds,
    ...(pending ? { restartPending: true } : {}),
  };
  for (const { name } of chosen) {
    await reach
      .patroni(name)
      .restart(request)
      .catch((error: unknown) => {
        throw refusal(name, error);
      });
    account.tell(`restart of ${name} scheduled for ${formatMoment(moment)}`);
  }
  account.end({ scheduledAt: moment.toISOString() });
}

async function takeBack({ reach, account }: Work, members: Standing[]): Promise<void> {
  let found = 0;
  for (const { name, view } of members) {
    if (view === undefined) continue;
    try {
      await reach.patroni(name).cancelRestart();
      found += 1;
      account.tell(`scheduled restart of ${name} taken back`);
    } catch (error) {
      if (!(error instanceof PatroniError && error.status === 404)) throw refusal(name, error);
    }
  }
  if (found === 0) throw new CommandError('no restart is scheduled', exitCode.notFound);
  account.end();
}

function refusal(name: string, error: unknown): unknown {
  return error instanceof PatroniError
    ? new CommandError(`${name} was not restarted: ${error.message.replace(/^.*Patroni answered \d+: /, '')}`)
    : error;
}
