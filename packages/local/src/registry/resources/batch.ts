import { define, type ResourceDefinition } from '../definition.ts';
import { cronJobStrategy } from './cron-job.ts';
import { jobStrategy } from './job.ts';

const group = 'batch';
const version = 'v1';

/** Group `batch`. */
export const batchResources: readonly ResourceDefinition[] = [
  define({
    group,
    version,
    kind: 'Job',
    plural: 'jobs',
    categories: ['all'],
    subresources: ['status'],
    strategy: jobStrategy,
  }),
  define({
    group,
    version,
    kind: 'CronJob',
    plural: 'cronjobs',
    shortNames: ['cj'],
    categories: ['all'],
    subresources: ['status'],
    strategy: cronJobStrategy,
  }),
];
