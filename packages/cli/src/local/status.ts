import { existsSync } from 'node:fs';
import { connect } from '@pgherd/kube/client';
import { nodes, pods, storageClasses } from '@pgherd/kube/objects';
import { readPodsNote } from '@pgherd/local';
import { SIZE_LIMIT } from '@pgherd/local/volumes';
import { exitCode } from '../exit-code.ts';
import { parseOutputFormat, print } from '../output.ts';
import { findBackground, logFile } from './background.ts';
import type { LocalOptions } from './commands.ts';
import { adminKubeconfig, homeOf, operatorProcessOf, serverProcessOf } from './files.ts';

/** What `pgherd local status` prints. */
export interface LocalStatus {
  home: string;
  /** `running`: the API server answers; `starting`: the process is there, but does not answer. */
  server: { state: 'running' | 'starting' | 'stopped'; pid?: number; log: string };
  operator: { state: 'running' | 'stopped'; pid?: number; metrics?: string; log: string };
  kubeconfig?: string;
  address?: string;
  /** Whether volumes of the class `sized` are kept to their size, and if not, why. */
  volumes?: string;
  pods?: { total: number; running: number; problem?: string };
  nodes?: { total: number; ready: number };
}

/** Looks at processes and asks the API server. */
export async function localStatus(home: string): Promise<LocalStatus> {
  const server = findBackground(serverProcessOf(home));
  const operator = findBackground(operatorProcessOf(home));
  const status: LocalStatus = {
    home,
    server: {
      state: server ? 'starting' : 'stopped',
      ...(server ? { pid: server.pid } : {}),
      log: logFile(serverProcessOf(home)),
    },
    operator: {
      state: operator ? 'running' : 'stopped',
      ...(operator ? { pid: operator.pid } : {}),
      ...(operator?.httpPort ? { metrics: `http://127.0.0.1:${operator.httpPort}/metrics` } : {}),
      log: logFile(operatorProcessOf(home)),
    },
  };
  const kubeconfig = adminKubeconfig(home);
  if (!existsSync(kubeconfig)) return status;
  status.kubeconfig = kubeconfig;
  const { client, connection } = await connect({ kubeconfig });
  try {
    status.address = connection.server.origin;
    const { items } = await client.list(pods, { signal: AbortSignal.timeout(5000) });
    status.server.state = 'running';
    const sized = await client.get(storageClasses, { name: 'sized' }).catch(() => undefined);
    const limit = sized?.metadata.annotations?.[SIZE_LIMIT];
    if (limit !== undefined) status.volumes = limit;
    const problem = server === undefined ? undefined : readPodsNote(home, server.pid)?.problem;
    status.pods = {
      ...(problem === undefined ? {} : { problem }),
      total: items.length,
      running: items.filter((pod) => pod.status?.phase === 'Running').length,
    };
    const all = (await client.list(nodes, { signal: AbortSignal.timeout(5000) })).items;
    const isReady = (node: (typeof all)[number]): boolean =>
      node.status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') === true;
    status.nodes = { total: all.length, ready: all.filter(isReady).length };
  } catch {
    // The states above say it.
  } finally {
    client.close();
  }
  return status;
}

/** Prints it. */
export async function status(options: LocalOptions): Promise<void> {
  const now = await localStatus(homeOf(options));
  print(parseOutputFormat(options.output), now, () => {
    const of = (part: { state: string; pid?: number; log: string }): string =>
      `${part.state}${part.pid === undefined ? '' : ` (process ${part.pid})`}, log ${part.log}`;
    return [
      `home        ${now.home}`,
      `server      ${of(now.server)}`,
      `operator    ${of(now.operator)}`,
      ...(now.operator.metrics ? [`http api    ${new URL('/', now.operator.metrics).href}`] : []),
      ...(now.address ? [`address     ${now.address}`] : []),
      ...(now.kubeconfig ? [`kubeconfig  ${now.kubeconfig}`] : []),
      ...(now.nodes ? [`nodes       ${now.nodes.ready} of ${now.nodes.total} ready`] : []),
      ...(now.pods
        ? [
            `pods        ${now.pods.running} of ${now.pods.total} running${now.pods.problem ? `; cannot run: ${now.pods.problem}` : ''}`,
          ]
        : []),
      ...(now.volumes ? [`volumes     class sized: limits ${now.volumes}`] : []),
    ].join('\n');
  });
  if (now.server.state !== 'running') process.exitCode = exitCode.notFound;
}
