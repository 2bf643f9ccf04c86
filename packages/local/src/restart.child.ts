import { silentLogger } from '@pgherd/kube/objects';
import { startHeadless } from './headless.ts';

// The process that `restart.test.ts` kills: an API server on a database file; its kubeconfig goes to stdout.
const [directory = '', database = ''] = process.argv.slice(2);
const { kubeconfig } = await startHeadless({ directory, database, log: silentLogger });
process.stdout.write(`${kubeconfig}\n`);
