import { PatroniError } from '@pgherd/patroni';
import { CommandError } from '../exit-code.ts';
import { withWork, type VerbOptions } from './common.ts';
import { workingPrimary } from './situation.ts';
import { chooseForFailover, lossOf } from './successor.ts';
import { untilSettled } from './settled.ts';

/** Options of `pgherd failover`. */
export interface FailoverOptions extends VerbOptions {
  to?: string;
}

/** `pgherd failover NAME [--to MEMBER]`: for a primary that does not work, or to a member that a switchover refuses. */
export async function failover(name: string, options: FailoverOptions): Promise<void> {
  await withWork('failover', name, options, async (work) => {
    const { situation, reach, account } = work;
    const successor = chooseForFailover(situation, options.to);
    const primary = workingPrimary(situation);
    const { holder } = situation;
    await work.ask(
      [
        `${successor.name} becomes primary of ${situation.namespace}/${situation.name}${holder === undefined ? '' : ` instead of ${holder}`}.`,
        primary === undefined
          ? `${holder ?? 'No member'} works as primary now. Patroni waits until the lease of a primary that is gone has run out.`
          : `${primary.name} works: \`pgherd switchover ${name}\` hands over without any loss.`,
        `Possible loss: ${lossOf(situation, successor) ?? 'nothing that was acknowledged'}.`,
      ],
      'Fail over?',
    );
    account.begin();
    // The leader acts at once; others only see it in their next loop, up to `loop_wait` (10 s) later.
    const via = primary ?? successor;
    try {
      await reach.patroni(via.name).failover(successor.name);
    } catch (error) {
      const isUnderWay =
        error instanceof PatroniError && (error.status === undefined || error.message.endsWith('unknown'));
      if (!isUnderWay) throw refused(error);
      account.tell(`still under way: ${error.message}`);
    }
    await untilSettled(work, { former: primary?.name, successor: successor.name });
  });
}

function refused(error: unknown): unknown {
  return error instanceof PatroniError ? new CommandError(`Patroni refused: ${error.message}`) : error;
}
