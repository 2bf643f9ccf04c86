import { CommandError } from '../exit-code.ts';
import { withWork, type VerbOptions, type Work } from './common.ts';
import { workingPrimary } from './situation.ts';

/** `pgherd pause NAME` */
export async function pause(name: string, options: VerbOptions): Promise<void> {
  await withWork('pause', name, options, async (work) => {
    const { situation } = work;
    if (await isThere(work, true, 'paused already')) return;
    await work.ask(
      [
        `Patroni of ${situation.namespace}/${situation.name} changes nothing by itself any more, until \`pgherd resume ${name}\`.`,
        'Nobody takes over from a primary that dies, neither through Patroni nor through the operator;',
        'a server that stops stays stopped; what was scheduled is not carried out;',
        "and the operator's restarts, switchovers and replacements of pods wait.",
      ],
      'Pause?',
    );
    await set(work, true);
  });
}

/** `pgherd resume NAME` */
export async function resume(name: string, options: VerbOptions): Promise<void> {
  await withWork('resume', name, options, async (work) => {
    if (!(await isThere(work, false, 'not paused'))) await set(work, null);
  });
}

async function isThere({ situation, account }: Work, wanted: boolean, words: string): Promise<boolean> {
  const known = situation.members.flatMap(({ view }) => (view === undefined ? [] : [view.paused]));
  if (situation.paused !== wanted || known.some((paused) => paused !== wanted)) return false;
  account.tell(`${situation.name} is ${words}`);
  account.end();
  return true;
}

/** Writes Patroni's shared configuration, and waits until every member that answers has seen it. */
async function set({ situation, reach, account, wait }: Work, paused: true | null): Promise<void> {
  const answering = situation.members.filter(({ view }) => view !== undefined);
  const via = workingPrimary(situation) ?? answering[0];
  if (via === undefined) {
    const reasons = situation.members.map(({ name, silence }) => `${name}: ${silence}`).join('; ');
    throw new CommandError(`no member of ${situation.name} answers: ${reasons || 'there are none that run'}`);
  }
  account.begin();
  await reach.patroni(via.name).patchConfig({ pause: paused });
  account.tell(
    paused === true ? 'paused in the shared configuration' : 'resumed in the shared configuration',
  );
  await wait('every member to say so', async () => {
    const late = await Promise.all(
      answering.map(async ({ name }) => {
        const client = reach.patroni(name);
        const view = await client.patroni().catch(() => undefined);
        if (view === undefined || view.paused === (paused === true)) return false;
        // It would see it within `loop_wait` (10 s).
        await client.wakeUp();
        return true;
      }),
    );
    return !late.includes(true);
  });
  account.tell(paused === true ? 'every member is paused' : 'every member is at work again');
  account.end();
}
