import type { ClusterOptions } from '../cluster/commands.ts';
import { primaryPod } from '../cluster/primary-pod.ts';
import { getCluster, withTarget, type Target } from '../cluster/target.ts';
import { CommandError } from '../exit-code.ts';
import { parseOutputFormat, print } from '../output.ts';
import { formatReport } from './format.ts';
import {
  databaseQuery,
  queryCommand,
  serverQuery,
  type DatabaseEntry,
  type InstalledEntry,
  type ServerEntry,
} from './queries.ts';
import { extensionReport, type DatabaseResult } from './report.ts';

/** Databases asked at the same time. */
const atOnce = 4;

/** Asks one database of the primary; the answer is one JSON value. Throws what psql complains about. */
async function ask<T>(target: Target, pod: string, database: string, query: string): Promise<T> {
  const { exitCode, stdout, stderr } = await target.client.exec(
    { namespace: target.namespace, name: pod },
    { container: 'postgres', command: queryCommand(database, query) },
  );
  if (exitCode !== 0) {
    const complaint = stderr.trim().split('\n')[0] ?? '';
    throw new CommandError(complaint === '' ? `psql ended with code ${exitCode}` : complaint);
  }
  return JSON.parse(stdout) as T;
}

/** What is installed in one database. One that cannot be asked (it was just dropped, say) does not stop the others. */
async function lookInto(target: Target, pod: string, database: DatabaseEntry): Promise<DatabaseResult> {
  if (!database.connectable) return { database: database.name, reason: 'it takes no connections' };
  try {
    const installed = await ask<InstalledEntry[]>(target, pod, database.name, databaseQuery);
    return { database: database.name, installed };
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    return { database: database.name, reason: error.message };
  }
}

/** `pgherd extensions NAME` */
export async function extensions(name: string, options: ClusterOptions): Promise<void> {
  const format = parseOutputFormat(options.output);
  await withTarget(options, async (target) => {
    await getCluster(target, name);
    const pod = await primaryPod(target, name);
    const server = await ask<ServerEntry>(target, pod, 'postgres', serverQuery);
    const results: DatabaseResult[] = [];
    for (let first = 0; first < server.databases.length; first += atOnce) {
      const some = server.databases.slice(first, first + atOnce);
      results.push(...(await Promise.all(some.map((database) => lookInto(target, pod, database)))));
    }
    const report = extensionReport({ namespace: target.namespace, name }, server, results);
    print(format, report, () => formatReport(report));
  });
}
