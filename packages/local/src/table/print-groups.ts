import type { Printer } from './column.ts';
import { column, columns } from './column.ts';
import { at, integer, list, selectorText, text } from './look.ts';
import { batchPrinters } from './print-batch.ts';
import { age, name } from './print-core.ts';

const containers = (object: unknown): unknown[] => list(object, 'spec', 'template', 'spec', 'containers');
const containerNames = (object: unknown): string =>
  containers(object)
    .map((c) => text(c, 'name'))
    .join(',');
const images = (object: unknown): string =>
  containers(object)
    .map((c) => text(c, 'image'))
    .join(',');
const selector = (object: unknown): string => selectorText(at(object, 'spec', 'selector'));
const created = (object: unknown): string => text(object, 'metadata', 'creationTimestamp');

const rolePrinter: Printer = {
  columns: columns('Name', 'Created At'),
  cells: (o) => [name(o), created(o)],
};

const bindingPrinter: Printer = {
  columns: columns('Name', 'Role', 'Age', 'Users+', 'Groups+', 'ServiceAccounts+'),
  cells: (o, now) => {
    const subjects = (kind: string): string =>
      list(o, 'subjects')
        .filter((s) => text(s, 'kind') === kind)
        .map((s) =>
          kind === 'ServiceAccount' ? `${text(s, 'namespace')}/${text(s, 'name')}` : text(s, 'name'),
        )
        .join(', ');
    const role = `${text(o, 'roleRef', 'kind')}/${text(o, 'roleRef', 'name')}`;
    return [name(o), role, age(o, now), subjects('User'), subjects('Group'), subjects('ServiceAccount')];
  },
};

function revisionOwner(revision: unknown): string {
  const owner = list(revision, 'metadata', 'ownerReferences').find((o) => at(o, 'controller') === true);
  if (owner === undefined) return '<none>';
  const [group] = text(owner, 'apiVersion').split('/').slice(0, -1);
  return `${text(owner, 'kind').toLowerCase()}${group === undefined ? '' : `.${group}`}/${text(owner, 'name')}`;
}

/** By `group/plural`. */
export const groupPrinters: Record<string, Printer> = {
  'apps/statefulsets': {
    columns: columns('Name', 'Ready', 'Age', 'Containers+', 'Images+'),
    cells: (o, now) => [
      name(o),
      `${integer(o, 'status', 'readyReplicas')}/${integer(o, 'spec', 'replicas')}`,
      age(o, now),
      containerNames(o),
      images(o),
    ],
  },
  'scheduling.k8s.io/priorityclasses': {
    columns: [
      column('Name'),
      column('Value#'),
      { ...column('Global-Default'), type: 'boolean' },
      column('Age'),
    ],
    cells: (o, now) => [name(o), integer(o, 'value'), at(o, 'globalDefault') === true, age(o, now)],
  },
  'apps/controllerrevisions': {
    columns: columns('Name', 'Controller', 'Revision', 'Age'),
    cells: (o, now) => [name(o), revisionOwner(o), integer(o, 'revision'), age(o, now)],
  },
  'apps/deployments': {
    columns: columns(
      'Name',
      'Ready',
      'Up-to-date',
      'Available',
      'Age',
      'Containers+',
      'Images+',
      'Selector+',
    ),
    cells: (o, now) => [
      name(o),
      `${integer(o, 'status', 'readyReplicas')}/${integer(o, 'spec', 'replicas')}`,
      integer(o, 'status', 'updatedReplicas'),
      integer(o, 'status', 'availableReplicas'),
      age(o, now),
      containerNames(o),
      images(o),
      selector(o),
    ],
  },
  'apps/replicasets': {
    columns: columns('Name', 'Desired#', 'Current#', 'Ready#', 'Age', 'Containers+', 'Images+', 'Selector+'),
    cells: (o, now) => [
      name(o),
      integer(o, 'spec', 'replicas'),
      integer(o, 'status', 'replicas'),
      integer(o, 'status', 'readyReplicas'),
      age(o, now),
      containerNames(o),
      images(o),
      selector(o),
    ],
  },
  'policy/poddisruptionbudgets': {
    columns: columns('Name', 'Min Available', 'Max Unavailable', 'Allowed Disruptions#', 'Age'),
    cells: (o, now) => [
      name(o),
      text(o, 'spec', 'minAvailable') || 'N/A',
      text(o, 'spec', 'maxUnavailable') || 'N/A',
      integer(o, 'status', 'disruptionsAllowed'),
      age(o, now),
    ],
  },
  'coordination.k8s.io/leases': {
    columns: columns('Name', 'Holder', 'Age'),
    cells: (o, now) => [name(o), text(o, 'spec', 'holderIdentity'), age(o, now)],
  },
  'storage.k8s.io/storageclasses': {
    columns: [
      ...columns('Name', 'Provisioner', 'ReclaimPolicy', 'VolumeBindingMode'),
      { ...column('AllowVolumeExpansion'), type: 'string' },
      column('Age'),
    ],
    cells: (o, now) => {
      const standard = text(o, 'metadata', 'annotations', 'storageclass.kubernetes.io/is-default-class');
      return [
        name(o) + (standard === 'true' ? ' (default)' : ''),
        text(o, 'provisioner'),
        text(o, 'reclaimPolicy') || 'Delete',
        text(o, 'volumeBindingMode') || '<unset>',
        at(o, 'allowVolumeExpansion') === true,
        age(o, now),
      ];
    },
  },
  'rbac.authorization.k8s.io/roles': rolePrinter,
  'rbac.authorization.k8s.io/clusterroles': rolePrinter,
  'rbac.authorization.k8s.io/rolebindings': bindingPrinter,
  'rbac.authorization.k8s.io/clusterrolebindings': bindingPrinter,
  'apiextensions.k8s.io/customresourcedefinitions': {
    columns: columns('Name', 'Created At'),
    cells: (o) => [name(o), created(o)],
  },
  ...batchPrinters,
};
