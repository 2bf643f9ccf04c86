import { readStatus } from '@pgherd/api';
import { getCluster, postgresqls, withTarget } from '../cluster/target.ts';
import { confirm } from '../confirm.ts';
import { CommandError, exitCode } from '../exit-code.ts';
import { parseOutputFormat, print } from '../output.ts';
import type { VerbOptions } from './common.ts';

/** Annotation that the operator looks at; docs/operations/maintenance.md. */
const annotation = 'pgherd.dev/maintenance-until';

const longestMinutes = 7 * 24 * 60;
const usualMinutes = 60;

/** Options of `pgherd maintenance`. */
export interface MaintenanceOptions extends Omit<VerbOptions, 'timeout'> {
  now: boolean;
  end: boolean;
  /** Minutes, as written; only with `now`. */
  for?: string;
}

/** `pgherd maintenance NAME`: what waits for a window; `--now` lets it be done, `--end` takes that back. */
export async function maintenance(name: string, options: MaintenanceOptions): Promise<void> {
  const format = parseOutputFormat(options.output);
  const minutes = Number(options.for ?? usualMinutes);
  if (!(minutes > 0 && minutes <= longestMinutes))
    throw new CommandError(
      `--for ${options.for}: give minutes, at most ${longestMinutes}`,
      exitCode.wrongUsage,
    );
  if (options.for !== undefined && !options.now)
    throw new CommandError('--for goes with --now', exitCode.wrongUsage);
  if (options.now && options.end)
    throw new CommandError('--now and --end are each other’s opposite: give one', exitCode.wrongUsage);
  await withTarget(options, async (target) => {
    const cluster = await getCluster(target, name);
    const status = readStatus(cluster.status);
    const condition = status.conditions?.find(({ type }) => type === 'Postponed');
    const waits = condition?.status === 'True' ? condition.message : undefined;
    const steps =
      waits === undefined ? [] : (status.steps ?? []).map(({ what, disturbs }) => ({ what, disturbs }));
    const write = async (until: string | null): Promise<void> => {
      const body = { metadata: { annotations: { [annotation]: until } } };
      await target.client.patch(postgresqls, { namespace: target.namespace, name }, { type: 'merge', body });
    };
    const set = cluster.metadata.annotations?.[annotation];
    if (options.end) {
      if (set !== undefined) await write(null);
      print(format, { name, until: null, steps }, () =>
        set === undefined
          ? `--now does not hold for ${name}; there is nothing to end`
          : `what disturbs ${name} waits for its maintenance windows again`,
      );
      return;
    }
    const told = waits ?? `nothing of ${name} waits for a maintenance window`;
    if (!options.now) {
      const until = set !== undefined && Date.parse(set) > Date.now() ? set : undefined;
      print(format, { name, until: set ?? null, steps }, () =>
        until === undefined ? told : `${told}\nuntil ${until} the operator does not wait for a window`,
      );
      return;
    }
    const question = `${told}\nFor ${minutes} minutes the operator does not wait for a window. Do it? Type yes: `;
    if (!options.yes && !(await confirm(question, 'yes')))
      throw new CommandError(
        'nothing was done: maintenance --now wants a yes (or --yes)',
        exitCode.wrongUsage,
      );
    const until = `${new Date(Date.now() + minutes * 60_000).toISOString().slice(0, 19)}Z`;
    await write(until);
    print(
      format,
      { name, until, steps },
      () => `until ${until} the operator does not wait for a window; pgherd show ${name} says what it does`,
    );
  });
}
