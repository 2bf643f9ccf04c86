import { startLocal } from '@pgherd/local';
import pino from 'pino';
import { homeOf } from './files.ts';

/** Runs the single-machine Kubernetes until a signal. SIGUSR2 also stops the pods, SIGTERM and SIGINT leave them. */
export async function serve(options: { home?: string }): Promise<void> {
  const log = pino({ level: process.env['PGHERD_LOG_LEVEL'] ?? 'info' });
  const local = await startLocal({ home: homeOf(options), log });
  const { promise, resolve } = Promise.withResolvers<{ pods: boolean }>();
  process.once('SIGTERM', () => resolve({ pods: false }));
  process.once('SIGINT', () => resolve({ pods: false }));
  process.once('SIGUSR2', () => resolve({ pods: true }));
  const keepAlive = setInterval(() => {}, 2 ** 30);
  const how = await promise;
  clearInterval(keepAlive);
  log.info(how, 'stopping');
  await local.stop(how);
  // A pod that is being ended would otherwise be waited for here, while the next server may be running already.
  process.exit(0);
}
