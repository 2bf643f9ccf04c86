/** The operator as a process of its own that a test may kill; SQL is not carried out. Arguments: the kubeconfig, who it is. */
import { defaultConfiguration } from '@pgherd/api';
import { silentLogger } from '@pgherd/kube/objects';
import { runOperator } from '@pgherd/operator';

// By default the next process takes over the lease of the killed one at once.
const [kubeconfig = '', identity = 'killed-and-started-again'] = process.argv.slice(2);

await runOperator({
  kubeconfig,
  identity,
  settings: { configuration: defaultConfiguration(), named: new Set() },
  httpPort: 0,
  log: silentLogger,
  signal: new AbortController().signal,
  database: { bringInLine: async () => ({ done: [], postponed: [], problems: [] }), look: async () => [] },
});
