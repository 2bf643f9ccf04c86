import { confirm } from '../confirm.ts';
import { CommandError, exitCode } from '../exit-code.ts';
import { parseOutputFormat, print } from '../output.ts';
import type { ClusterOptions } from './commands.ts';
import { getCluster, postgresqls, withTarget } from './target.ts';

/** `pgherd delete NAME`: deletes the manifest, and waits until the operator has removed what it made. */
export async function deleteCluster(
  name: string,
  options: ClusterOptions & { confirm?: string; timeout: string },
): Promise<void> {
  const format = parseOutputFormat(options.output);
  const seconds = Number(options.timeout);
  if (!(seconds >= 0)) {
    throw new CommandError(`--timeout ${options.timeout}: give a number of seconds`, exitCode.wrongUsage);
  }
  await withTarget(options, async (target) => {
    const { client, namespace } = target;
    const key = { namespace, name };
    const cluster = await getCluster(target, name);
    const confirmed =
      options.confirm === undefined
        ? await confirm(`Delete cluster ${name} in namespace ${namespace}? Type its name: `, name)
        : options.confirm === name;
    if (!confirmed) {
      throw new CommandError(`not deleted: give the name again (--confirm ${name})`, exitCode.wrongUsage);
    }
    const uid = cluster.metadata.uid;
    // A cluster that somebody made anew under this name meanwhile is not the one that was meant.
    await client.delete(postgresqls, key, uid === undefined ? {} : { preconditions: { uid } });
    const deadline = Date.now() + seconds * 1000;
    let gone = false;
    while (!gone && Date.now() <= deadline) {
      const now = await client.find(postgresqls, key);
      gone = now === undefined || now.metadata.uid !== uid;
      if (!gone) await new Promise((resolve) => setTimeout(resolve, 200));
    }
    if (!gone && seconds > 0) {
      throw new CommandError(
        `cluster ${name} still exists after ${seconds} s: does the operator run? (kubectl describe postgresql ${name})`,
        exitCode.timedOut,
      );
    }
    print(format, { namespace, name, gone }, () => (gone ? `deleted ${name}` : `deleting ${name}`));
  });
}
