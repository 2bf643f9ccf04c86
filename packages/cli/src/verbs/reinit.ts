import { PatroniError } from '@pgherd/patroni';
import { CommandError } from '../exit-code.ts';
import { withWork, type VerbOptions } from './common.ts';
import { streams, workingPrimary, memberOf } from './situation.ts';
import { namedMember } from './successor.ts';

/** `pgherd reinit NAME MEMBER`: throws a replica's data away, and copies it from the primary again. */
export async function reinit(name: string, member: string, options: VerbOptions): Promise<void> {
  await withWork('reinit', name, options, async (work) => {
    const { situation, reach, account, wait } = work;
    const replica = namedMember(situation, member);
    const primary = workingPrimary(situation);
    if (replica === primary || member === situation.holder) {
      throw new CommandError(`${member} is the primary: its data is the one that there is`);
    }
    if (primary === undefined) {
      throw new CommandError(`cluster ${name} has no working primary: there is nothing to copy from`);
    }
    if (situation.paused) {
      throw new CommandError(
        `the cluster is paused: a copy would not be started; \`pgherd resume ${name}\` first`,
      );
    }
    if (replica.view === undefined || replica.leaving) {
      const why = replica.leaving
        ? 'its pod is about to go'
        : `its Patroni does not answer (${replica.silence})`;
      throw new CommandError(`${member} cannot be made anew: ${why}`);
    }
    const others = situation.members.filter(
      (each) => each !== replica && each !== primary && streams(situation, each),
    );
    await work.ask(
      [
        `The data of ${member} is thrown away and copied from ${primary.name} again.`,
        'Clients of this replica lose their connections until it is done.',
        ...(others.length === 0 ? [`Until then nobody can take over from ${primary.name}.`] : []),
        ...(situation.synchronous.length === 1 && situation.synchronous[0] === member
          ? [
              'Commits wait for this member: with synchronous_mode_strict nobody writes until another one has its part.',
            ]
          : []),
      ],
      'Copy it again?',
    );
    const before = replica.view.startedAt;
    account.begin();
    try {
      account.tell((await reach.patroni(member).reinitialize()).trim());
    } catch (error) {
      throw error instanceof PatroniError ? new CommandError(`Patroni refused: ${error.message}`) : error;
    }
    await wait(`${member} to stream again (the copy goes on)`, async () => {
      const now = await reach.look();
      const copied = memberOf(now, member);
      const isNew = copied?.view?.startedAt !== undefined && copied.view.startedAt !== before;
      return isNew && copied !== undefined && streams(now, copied);
    });
    account.tell(`${member} has a fresh copy, and streams`);
    account.end();
  });
}
