import { findBackground } from './background.ts';
import { stopEverything } from './down.ts';
import { operatorProcessOf, serverProcessOf } from './files.ts';
import { CommandError } from '../exit-code.ts';

/** Waits for SIGINT or SIGTERM and then stops all; ends with an error when the server or the operator ends. */
export async function stayInForeground(home: string): Promise<void> {
  const stop = new AbortController();
  process.once('SIGINT', () => stop.abort());
  process.once('SIGTERM', () => stop.abort());
  const hadOperator = findBackground(operatorProcessOf(home)) !== undefined;
  while (!stop.signal.aborted) {
    await new Promise((resolve) => setTimeout(resolve, 250));
    if (stop.signal.aborted) break;
    if (findBackground(serverProcessOf(home)) === undefined) throw new CommandError('the server ended');
    if (hadOperator && findBackground(operatorProcessOf(home)) === undefined) {
      throw new CommandError('the operator ended');
    }
  }
  await stopEverything(home);
}
