import { pods } from '@pgherd/kube/objects';
import { CommandError, exitCode } from '../exit-code.ts';
import type { ClusterOptions } from './commands.ts';
import { findLabels } from './labels.ts';
import { getCluster, withTarget, type Target } from './target.ts';

/** Pods of the cluster that carry the primary's label and are not about to go. */
async function primaryPod(target: Target, name: string): Promise<string> {
  const { selector, roleLabel } = await findLabels(target, name);
  const labelSelector = `${selector},${roleLabel} in (master, primary)`;
  const { items } = await target.client.list(pods, { namespace: target.namespace, labelSelector });
  const pod = items.find((item) => item.metadata?.deletionTimestamp === undefined);
  if (pod?.metadata?.name === undefined) {
    throw new CommandError(
      `cluster ${name} has no primary at the moment; \`pgherd show ${name}\` says more`,
      exitCode.notFound,
    );
  }
  return pod.metadata.name;
}

/** Sizes of this terminal: now, and after each change. */
async function* terminalSizes(): AsyncGenerator<{ columns: number; rows: number }> {
  const terminal = process.stdout;
  for (;;) {
    yield { columns: terminal.columns, rows: terminal.rows };
    await new Promise((resolve) => terminal.once('resize', resolve));
  }
}

/** `pgherd psql NAME [-- ARGS]`: psql's exit code is the command's. */
export async function psql(name: string, args: string[], options: ClusterOptions): Promise<void> {
  await withTarget(options, async (target) => {
    await getCluster(target, name);
    const pod = await primaryPod(target, name);
    const tty = process.stdin.isTTY && process.stdout.isTTY;
    if (tty) process.stdin.setRawMode(true);
    try {
      const { exitCode: code } = await target.client.exec(
        { namespace: target.namespace, name: pod },
        {
          container: 'postgres',
          command: ['psql', '--username', 'postgres', ...args],
          stdin: process.stdin,
          stdout: process.stdout,
          ...(tty ? { tty: true, sizes: terminalSizes() } : { stderr: process.stderr }),
        },
      );
      process.exitCode = code;
    } finally {
      if (tty) process.stdin.setRawMode(false);
      process.stdin.destroy();
    }
  });
}
