import type { Postgresql } from '@pgherd/api';
import { secrets } from '@pgherd/kube/objects';
import type { ClusterOptions } from './commands.ts';
import { findLabels } from './labels.ts';
import { primaryPod } from './primary-pod.ts';
import { getCluster, withTarget, type Target } from './target.ts';

/** Sizes of this terminal: now, and after each change. */
async function* terminalSizes(): AsyncGenerator<{ columns: number; rows: number }> {
  const terminal = process.stdout;
  for (;;) {
    yield { columns: terminal.columns, rows: terminal.rows };
    await new Promise((resolve) => terminal.once('resize', resolve));
  }
}

/** Options of `pgherd psql`. */
export interface PsqlOptions extends ClusterOptions {
  role?: string;
  database?: string;
}

/** Only the pod knows the superuser's name for sure. Names are variables, because psql takes apart what stands in its options. */
const script = 'export PGUSER="${1:-${PGUSER_SUPERUSER:-postgres}}" PGDATABASE="$2"; shift 2; exec psql "$@"';

/**
 * psql in the pod, over the server's socket: there no password is needed, so that none is on a command line or in an
 * environment.
 */
export function psqlCommand(role: string | undefined, database: string, args: readonly string[]): string[] {
  return ['/bin/sh', '-c', script, 'psql', role ?? '', database, ...args];
}

/** The database that a role works in, if the manifest says one: the one that it owns, or whose prepared role it is. */
export function databaseOf(role: string, { spec }: Postgresql): string | undefined {
  const owned = Object.entries(spec.databases ?? {}).find(([, owner]) => owner === role)?.[0];
  const prepared = Object.keys(spec.preparedDatabases ?? {}).filter((name) => role.startsWith(`${name}_`));
  return owned ?? prepared.sort((a, b) => b.length - a.length)[0];
}

/** The code of psql when it could not connect. */
const noConnection = 2;

/** What helps when there is no such role: roles with Secrets, as far as the caller may read those. */
async function rolesHint(target: Target, name: string): Promise<string> {
  const { selector } = await findLabels(target, name);
  const { items } = await target.client
    .list(secrets, { namespace: target.namespace, labelSelector: selector })
    .catch(() => ({ items: [] }));
  const names = items.flatMap(({ data }) => data?.['username'] ?? []);
  const roles = names.map((encoded) => Buffer.from(encoded, 'base64').toString()).sort();
  return roles.length === 0 ? '' : `pgherd: roles of ${name} that log in: ${roles.join(', ')}\n`;
}

/** `pgherd psql NAME [--role ROLE] [--database DATABASE] [-- ARGS]`: psql's exit code is the command's. */
export async function psql(name: string, args: string[], options: PsqlOptions): Promise<void> {
  await withTarget(options, async (target) => {
    const cluster = await getCluster(target, name);
    const pod = await primaryPod(target, name);
    const { role } = options;
    const database = options.database ?? (role === undefined ? undefined : databaseOf(role, cluster));
    const tty = process.stdin.isTTY && process.stdout.isTTY;
    if (tty) process.stdin.setRawMode(true);
    try {
      const { exitCode: code } = await target.client.exec(
        { namespace: target.namespace, name: pod },
        {
          container: 'postgres',
          command: psqlCommand(role, database ?? 'postgres', args),
          stdin: process.stdin,
          stdout: process.stdout,
          ...(tty ? { tty: true, sizes: terminalSizes() } : { stderr: process.stderr }),
        },
      );
      if (code === noConnection && role !== undefined) process.stderr.write(await rolesHint(target, name));
      process.exitCode = code;
    } finally {
      if (tty) process.stdin.setRawMode(false);
      process.stdin.destroy();
    }
  });
}
