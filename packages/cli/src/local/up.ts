import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect, type Client } from '@pgherd/kube/client';
import { readPodsNote, serverProcess } from '@pgherd/local';
import { sizeLimits } from '@pgherd/local/volumes';
import { CommandError, exitCode } from '../exit-code.ts';
import { parseOutputFormat, print } from '../output.ts';
import { projectRoot } from '../project.ts';
import { findBackground, lastLines, logFile, startInBackground } from './background.ts';
import type { UpOptions } from './commands.ts';
import { adminKubeconfig, homeOf, operatorKubeconfig, operatorProcessOf, serverProcessOf } from './files.ts';
import { freePort } from './free-port.ts';
import { ask } from './node.ts';
import { wantedNodes } from './node-options.ts';
import { installOperatorObjects } from './install.ts';

const entryPoint = join(projectRoot, 'packages/cli/src/main.ts');

/** What `pgherd local up` prints. */
export interface UpResult {
  home: string;
  kubeconfig: string;
  address: string;
  /** What this call started; empty when all was running. */
  started: string[];
  /** Milliseconds from the call to the API server's first answer. */
  apiReadyMs: number;
  /** Nodes that `--nodes` added; absent without it. */
  addedNodes?: string[];
  /** Why volumes of the class `sized` are not kept to their size on this machine; absent: they are. */
  volumesWithoutLimit?: string;
}

/** Waits until the API server says that it is ready. Throws with the end of its log when its process ends before. */
async function waitForApi(home: string, deadline: number, startAgain: () => boolean): Promise<Client> {
  const kubeconfig = adminKubeconfig(home);
  const server = serverProcessOf(home);
  for (;;) {
    if (existsSync(kubeconfig)) {
      const { client } = await connect({ kubeconfig });
      try {
        // Unlike /readyz this answers JSON; a server that is not ready answers 503 to both.
        await client.raw('GET', '/version', { signal: AbortSignal.timeout(2000) });
        return client;
      } catch {
        client.close();
      }
    }
    if (findBackground(server) === undefined && !startAgain()) {
      throw new CommandError(`the server did not start:\n${lastLines(logFile(server), 15)}`);
    }
    if (Date.now() > deadline) {
      const why = `no answer from the API server; see ${logFile(server)}`;
      throw new CommandError(why, exitCode.timedOut);
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** A `down` that is under way is waited for: what it stops is started again then. */
async function waitForStop(home: string, deadline: number): Promise<void> {
  for (let holder = serverProcess(home); holder?.stopping === true; holder = serverProcess(home)) {
    if (Date.now() > deadline) {
      const why = `process ${holder.pid} is still stopping what runs on ${home}: try again when it is done`;
      throw new CommandError(why, exitCode.timedOut);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Waits until the server can run pods. Throws the reason when this machine cannot; the server goes on trying. */
async function waitForPods(home: string, deadline: number): Promise<void> {
  const server = serverProcessOf(home);
  for (;;) {
    const running = findBackground(server);
    if (running === undefined) throw new CommandError(`the server ended:\n${lastLines(logFile(server), 15)}`);
    const note = readPodsNote(home, running.pid);
    if (note?.problem !== undefined) {
      throw new CommandError(`the API server runs, but this machine cannot run pods: ${note.problem}`);
    }
    if (note !== undefined) return;
    if (Date.now() > deadline) {
      throw new CommandError(`the server cannot run pods yet; see ${logFile(server)}`, exitCode.timedOut);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Waits until the operator works. Throws the end of its log when it ended instead, or else what it waits for. */
async function waitForOperator(home: string, deadline: number): Promise<void> {
  const operator = operatorProcessOf(home);
  // It notices within two seconds that the file was changed.
  const believable = Date.now() + 3_000;
  for (;;) {
    const running = findBackground(operator);
    if (running === undefined) {
      throw new CommandError(`the operator did not start:\n${lastLines(logFile(operator), 15)}`);
    }
    const url = `http://127.0.0.1:${running.httpPort ?? 0}/readyz`;
    const answer = await fetch(url, { signal: AbortSignal.timeout(2000) }).catch(() => undefined);
    if (answer?.ok === true) return;
    const failed = (await answer?.text())?.split('\n').filter((line) => line.startsWith('FAILED')) ?? [];
    // Nothing but an edit of the file helps, and the operator takes that by itself.
    const wrong = failed.find((line) => line.startsWith('FAILED configuration') && line.includes(home));
    if (wrong !== undefined && Date.now() > believable)
      throw new CommandError(`the operator runs, but ${wrong.replace(/^FAILED /, '')}`);
    if (Date.now() > deadline) {
      const why =
        failed.length > 0
          ? `the operator is not ready: ${failed.join('; ')}`
          : 'the operator does not answer';
      throw new CommandError(`${why}; see ${logFile(operator)}`, exitCode.timedOut);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const emptyConfiguration = `# The operator's configuration: flat keys (docs/reference/operator-configuration.md), a ConfigMap, or an
# OperatorConfiguration. A change is taken within seconds; a wrong one is told in the log and changes nothing.
`;

/** Starts the operator under its own account. `HOME/operator.yaml` is its configuration; it is made if it is not there. */
async function startOperator(home: string): Promise<void> {
  const httpPort = await freePort();
  const configuration = join(home, 'operator.yaml');
  const run = ['operator', 'run', '--kubeconfig', operatorKubeconfig(home), '--namespace', '*'];
  // Only one operator runs on a home, so that one that was killed need not wait for its own lease to run out.
  const identity = ['--identity', `local-${home}`];
  if (!existsSync(configuration)) writeFileSync(configuration, emptyConfiguration, { mode: 0o600 });
  const command = [
    process.execPath,
    entryPoint,
    ...run,
    ...identity,
    '--http-port',
    String(httpPort),
    '--configuration',
    configuration,
  ];
  startInBackground(operatorProcessOf(home), command, {}, { httpPort });
}

/** Starts what does not run. Pods of an instance that was down come back by themselves. */
export async function bringUp(options: {
  home: string;
  operator: boolean;
  timeoutMs: number;
}): Promise<UpResult> {
  const { home } = options;
  const begin = Date.now();
  const started: string[] = [];
  await waitForStop(home, begin + options.timeoutMs);
  const startServer = (): boolean => {
    // One that was started here and ended will not do better a second time.
    if (started.includes('server')) return false;
    const command = [process.execPath, entryPoint, 'local', 'serve', '--home', home];
    startInBackground(serverProcessOf(home), command, {});
    started.push('server');
    return true;
  };
  if (findBackground(serverProcessOf(home)) === undefined) startServer();
  // A server that was taken down a moment ago may still be there, and end while it is waited for.
  const client = await waitForApi(home, begin + options.timeoutMs, startServer);
  const apiReadyMs = Date.now() - begin;
  try {
    if (options.operator && findBackground(operatorProcessOf(home)) === undefined) {
      await installOperatorObjects(client, home);
      await startOperator(home);
      started.push('operator');
    }
  } finally {
    client.close();
  }
  const kubeconfig = adminKubeconfig(home);
  const { connection, client: unused } = await connect({ kubeconfig });
  unused.close();
  const limits = sizeLimits();
  return {
    home,
    kubeconfig,
    address: connection.server.origin,
    started,
    apiReadyMs,
    ...(limits.enforced ? {} : { volumesWithoutLimit: limits.why }),
  };
}

/** `pgherd local up` */
export async function up(options: UpOptions): Promise<void> {
  const home = homeOf(options);
  const timeoutMs = Number(options.timeout) * 1000;
  if (!(timeoutMs > 0)) {
    throw new CommandError(`--timeout ${options.timeout}: give a number of seconds`, exitCode.wrongUsage);
  }
  const nodes = wantedNodes(options);
  const result = await bringUp({ home, operator: options.operator, timeoutMs });
  const changesNodes = Object.keys(nodes).length > 0;
  if (changesNodes) {
    await waitForPods(home, Date.now() + timeoutMs);
    const { added } = await ask<{ added: string[] }>(options, 'PUT', '/nodes', nodes);
    result.addedNodes = added;
  }
  print(parseOutputFormat(options.output), result, () => describe(result));
  if (!changesNodes) await waitForPods(home, Date.now() + timeoutMs);
  if (options.operator) await waitForOperator(home, Date.now() + timeoutMs);
  if (options.foreground) {
    const { stayInForeground } = await import('./foreground.ts');
    await stayInForeground(home);
  }
}

/** What was done, for people. */
export function describe(result: UpResult): string {
  const { started, address, addedNodes = [], volumesWithoutLimit, kubeconfig } = result;
  const seconds = (result.apiReadyMs / 1000).toFixed(1);
  return [
    started.length > 0
      ? `started ${started.join(' and ')}; API ready after ${seconds} s at ${address}`
      : `already running at ${address}`,
    ...(addedNodes.length === 0
      ? []
      : [`added ${addedNodes.length === 1 ? 'node' : 'nodes'} ${addedNodes.join(', ')}`]),
    ...(volumesWithoutLimit === undefined
      ? []
      : [`volumes of class sized are not kept to their size: ${volumesWithoutLimit}`]),
    `export KUBECONFIG=${kubeconfig}`,
  ].join('\n');
}
