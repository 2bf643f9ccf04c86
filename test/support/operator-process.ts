/** The operator as a process of its own that a test may kill; SQL is not carried out. Argument: the kubeconfig. */
import { defaultConfiguration } from '@pgherd/api';
import { silentLogger } from '@pgherd/kube/objects';
import { runOperator } from '@pgherd/operator';

const [kubeconfig = ''] = process.argv.slice(2);

await runOperator({
  kubeconfig,
  // The next process takes over the lease of the killed one at once.
  identity: 'killed-and-started-again',
  settings: { configuration: defaultConfiguration(), named: new Set() },
  httpPort: 0,
  log: silentLogger,
  signal: new AbortController().signal,
  database: { bringInLine: async () => ({ done: [], problems: [] }) },
});
