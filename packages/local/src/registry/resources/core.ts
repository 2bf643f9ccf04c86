import { define, type ResourceDefinition } from '../definition.ts';
import { configMapStrategy } from './config-map.ts';
import { eventFields } from './event.ts';
import { namespaceStrategy } from './namespace.ts';
import { nodeStrategy } from './node.ts';
import { persistentVolumeClaimStrategy } from './persistent-volume-claim.ts';
import { persistentVolumeStrategy } from './persistent-volume.ts';
import { podStrategy } from './pod.ts';
import { secretStrategy } from './secret.ts';
import { serviceStrategy } from './service.ts';

const group = '';
const version = 'v1';

/** The core group. */
export const coreResources: readonly ResourceDefinition[] = [
  define({
    group,
    version,
    kind: 'ConfigMap',
    plural: 'configmaps',
    shortNames: ['cm'],
    strategy: configMapStrategy,
  }),
  define({
    group,
    version,
    kind: 'Endpoints',
    plural: 'endpoints',
    shortNames: ['ep'],
    strategy: { createOnUpdate: true },
  }),
  define({
    group,
    version,
    kind: 'Event',
    plural: 'events',
    shortNames: ['ev'],
    strategy: { createOnUpdate: true, fields: eventFields, nameRule: 'subdomain' },
  }),
  define({
    group,
    version,
    kind: 'Namespace',
    plural: 'namespaces',
    namespaced: false,
    shortNames: ['ns'],
    verbs: ['create', 'delete', 'get', 'list', 'patch', 'update', 'watch'],
    subresources: ['status', 'finalize'],
    strategy: namespaceStrategy,
  }),
  define({
    group,
    version,
    kind: 'Node',
    plural: 'nodes',
    namespaced: false,
    shortNames: ['no'],
    subresources: ['status'],
    strategy: nodeStrategy,
  }),
  define({
    group,
    version,
    kind: 'PersistentVolumeClaim',
    plural: 'persistentvolumeclaims',
    shortNames: ['pvc'],
    subresources: ['status'],
    strategy: persistentVolumeClaimStrategy,
  }),
  define({
    group,
    version,
    kind: 'PersistentVolume',
    plural: 'persistentvolumes',
    namespaced: false,
    shortNames: ['pv'],
    subresources: ['status'],
    strategy: persistentVolumeStrategy,
  }),
  define({
    group,
    version,
    kind: 'Pod',
    plural: 'pods',
    shortNames: ['po'],
    categories: ['all'],
    subresources: ['status', 'log', 'exec', 'attach', 'portforward', 'eviction', 'binding'],
    strategy: podStrategy,
  }),
  define({
    group,
    version,
    kind: 'Secret',
    plural: 'secrets',
    strategy: secretStrategy,
  }),
  define({
    group,
    version,
    kind: 'ServiceAccount',
    plural: 'serviceaccounts',
    shortNames: ['sa'],
    subresources: ['token'],
    strategy: { returnDeleted: true, unconditionalUpdate: false },
  }),
  define({
    group,
    version,
    kind: 'Service',
    plural: 'services',
    shortNames: ['svc'],
    categories: ['all'],
    subresources: ['status'],
    strategy: serviceStrategy,
  }),
];
