import { invalid } from '@pgherd/kube/schema';
import { define, type ResourceDefinition } from '../definition.ts';
import { semanticEqual } from '../equal.ts';
import { deploymentStrategy } from './deployment.ts';
import { replicaSetStrategy } from './replica-set.ts';
import { statefulSetStrategy } from './stateful-set.ts';

const group = 'apps';
const version = 'v1';

/** Group `apps`. */
export const appsResources: readonly ResourceDefinition[] = [
  define({
    group,
    version,
    kind: 'StatefulSet',
    plural: 'statefulsets',
    shortNames: ['sts'],
    categories: ['all'],
    subresources: ['status', 'scale'],
    strategy: statefulSetStrategy,
  }),
  define({
    group,
    version,
    kind: 'Deployment',
    plural: 'deployments',
    shortNames: ['deploy'],
    categories: ['all'],
    subresources: ['status', 'scale'],
    strategy: deploymentStrategy,
  }),
  define({
    group,
    version,
    kind: 'ReplicaSet',
    plural: 'replicasets',
    shortNames: ['rs'],
    categories: ['all'],
    subresources: ['status', 'scale'],
    strategy: replicaSetStrategy,
  }),
  define({
    group,
    version,
    kind: 'ControllerRevision',
    plural: 'controllerrevisions',
    strategy: {
      validateUpdate: (next, old) =>
        semanticEqual(next['data'], old['data']) ? [] : [invalid('data', next['data'], 'field is immutable')],
    },
  }),
];
