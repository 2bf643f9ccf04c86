import { stopLocalPods } from '@pgherd/local';
import { parseOutputFormat, print } from '../output.ts';
import { findBackground, stopBackground } from './background.ts';
import type { LocalOptions } from './commands.ts';
import { quietLog } from './quiet-log.ts';
import { homeOf, operatorProcessOf, serverProcessOf } from './files.ts';

/** How long pods get to end by themselves; the server kills what is left. */
const podsTimeoutMs = 90_000;

/** How long the server gets to write down what it knows, when its pods go on. */
const serverTimeoutMs = 30_000;

/** Stops operator, pods and server, in this order: nobody must repair what is being stopped. */
export async function stopEverything(home: string): Promise<{ operator: boolean; server: boolean }> {
  const operator = await stopBackground(operatorProcessOf(home), { timeoutMs: 10_000 });
  const server = await stopBackground(serverProcessOf(home), { signal: 'SIGUSR2', timeoutMs: podsTimeoutMs });
  // A server that was killed before could not stop its pods. One that was started meanwhile has taken them over.
  if (findBackground(serverProcessOf(home)) === undefined) await stopLocalPods(home, quietLog());
  return { operator, server };
}

/** Stops operator and server, and leaves the pods to whoever removes them: their data is not kept, so they get no grace. */
export async function stopProcesses(home: string): Promise<void> {
  await stopBackground(operatorProcessOf(home), { timeoutMs: 10_000 });
  await stopBackground(serverProcessOf(home), { timeoutMs: serverTimeoutMs });
}

/** `pgherd local down` */
export async function down(options: LocalOptions): Promise<void> {
  const home = homeOf(options);
  const stopped = await stopEverything(home);
  print(parseOutputFormat(options.output), { home, ...stopped }, () =>
    stopped.server ? `stopped; \`pgherd local up\` starts it again with all data` : 'nothing was running',
  );
}
