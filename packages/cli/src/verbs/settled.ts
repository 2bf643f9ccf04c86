import { CommandError } from '../exit-code.ts';
import type { Work } from './common.ts';
import { isPrimary, memberOf } from './situation.ts';

/**
 * Waits until the new primary takes writes, then until the former one follows it, and tells of both. Another one than
 * was asked for ends the command with exit code 1, after it has settled.
 */
export async function untilSettled(
  { reach, account, wait }: Work,
  { former, successor }: { former: string | undefined; successor: string },
): Promise<void> {
  const primary = await wait(`${successor} to be the primary`, async () => {
    const now = await reach.look();
    const member = now.holder === undefined ? undefined : memberOf(now, now.holder);
    const moved = member !== undefined && member.name !== former;
    return moved && isPrimary(member) && member.view?.state === 'running' && member;
  });
  account.tell(`${primary.name} is the primary, on timeline ${primary.view?.timeline ?? '?'}`);
  if (former !== undefined) {
    await wait(`${former} to stream from ${primary.name}`, async () => {
      const view = await reach
        .patroni(primary.name)
        .patroni()
        .catch(() => undefined);
      return view?.replication.some(
        ({ applicationName, state }) => applicationName === former && state === 'streaming',
      );
    });
    account.tell(`${former} streams from it`);
  }
  account.end({ primary: primary.name });
  if (primary.name !== successor)
    throw new CommandError(`${primary.name} became primary instead of ${successor}`);
}
