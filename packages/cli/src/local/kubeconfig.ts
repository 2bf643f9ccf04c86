import { existsSync } from 'node:fs';
import { CommandError, exitCode } from '../exit-code.ts';
import { parseOutputFormat, print } from '../output.ts';
import type { LocalOptions } from './commands.ts';
import { adminKubeconfig, homeOf } from './files.ts';

/** Prints where the kubeconfig is. */
export async function kubeconfig(options: LocalOptions): Promise<void> {
  const path = adminKubeconfig(homeOf(options));
  if (!existsSync(path)) {
    throw new CommandError(
      `${path} does not exist: start the instance with \`pgherd local up\``,
      exitCode.notFound,
    );
  }
  print(parseOutputFormat(options.output), { path }, () => path);
}
