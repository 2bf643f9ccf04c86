/**
 * A process of the herd bench: the local API server with its controllers and a database file, without anything that runs
 * pods. Argument: an empty directory. Tells its parent `ApiServerReady`, answers `namespace/name` of a service account with
 * the path of a kubeconfig of that account, and ends with SIGTERM or with its parent.
 */
import { join } from 'node:path';
import { silentLogger } from '@pgherd/kube/objects';
import { startHeadless } from '@pgherd/local/headless';

/** What the parent is told once requests are answered. */
export interface ApiServerReady {
  /** Kubeconfig of the administrator. */
  kubeconfig: string;
}

const [directory = ''] = process.argv.slice(2);
const server = await startHeadless({ directory, log: silentLogger, database: join(directory, 'state.db') });
const stop = (): void => {
  // What was asked last may still be answered; nobody waits for more.
  void server.stop().finally(() => process.exit(0));
};
process.once('SIGTERM', stop);
process.once('disconnect', stop);
process.on('message', (account: string) => {
  const [namespace = '', name = ''] = account.split('/');
  process.send?.(server.kubeconfigOf(namespace, name));
});
process.send?.({ kubeconfig: server.kubeconfig } satisfies ApiServerReady);
