import { existsSync } from 'node:fs';
import { resetLocal } from '@pgherd/local';
import { confirm } from '../confirm.ts';
import { CommandError, exitCode } from '../exit-code.ts';
import { parseOutputFormat, print } from '../output.ts';
import type { LocalOptions } from './commands.ts';
import { stopProcesses } from './down.ts';
import { quietLog } from './quiet-log.ts';
import { homeOf } from './files.ts';

/** `pgherd local reset`: all data of the instance is gone afterwards. */
export async function reset(options: LocalOptions & { yes: boolean }): Promise<void> {
  const home = homeOf(options);
  if (!existsSync(home))
    throw new CommandError(`${home} does not exist: nothing to remove`, exitCode.notFound);
  if (
    !options.yes &&
    !(await confirm(`Remove ${home} with all clusters and their data? Type yes: `, 'yes'))
  ) {
    throw new CommandError('nothing was removed', exitCode.wrongUsage);
  }
  await stopProcesses(home);
  await resetLocal(home, quietLog());
  print(parseOutputFormat(options.output), { home, removed: true }, () => `removed ${home}`);
}
