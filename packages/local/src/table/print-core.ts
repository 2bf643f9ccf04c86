import type { Cell, Printer } from './column.ts';
import { columns } from './column.ts';
import { since } from './human-duration.ts';
import { at, fields, integer, joined, labelsText, list, text } from './look.ts';

export const name = (object: unknown): string => text(object, 'metadata', 'name');
export const age = (object: unknown, now: number): string =>
  since(at(object, 'metadata', 'creationTimestamp'), now);
const size = (object: unknown, key: string): number => Object.keys(fields(object, key)).length;
const deleting = (object: unknown): boolean => at(object, 'metadata', 'deletionTimestamp') !== undefined;

const shortModes: Record<string, string> = {
  ReadWriteOnce: 'RWO',
  ReadOnlyMany: 'ROX',
  ReadWriteMany: 'RWX',
  ReadWriteOncePod: 'RWOP',
};
const modesText = (modes: unknown[]): string =>
  [...new Set(modes.map(String))].map((mode) => shortModes[mode] ?? mode).join(',');

/** At most three, then how many more there are. */
function firstThree(all: string[]): string {
  if (all.length === 0) return '<none>';
  const more = all.length > 3 ? ` + ${all.length - 3} more...` : '';
  return all.slice(0, 3).join(',') + more;
}

function externalIp(service: unknown): string {
  const type = text(service, 'spec', 'type');
  const given = list(service, 'spec', 'externalIPs');
  if (type === 'ExternalName') return text(service, 'spec', 'externalName');
  if (type !== 'LoadBalancer') return joined(given);
  const ingress = list(service, 'status', 'loadBalancer', 'ingress');
  const balanced = ingress.map((i) => text(i, 'ip') || text(i, 'hostname')).filter((i) => i !== '');
  return joined([...balanced, ...given], '<pending>');
}

function serviceCells(service: unknown, now: number): Cell[] {
  const ports = list(service, 'spec', 'ports').map((port) => {
    const node = integer(port, 'nodePort');
    return `${text(port, 'port')}${node === 0 ? '' : `:${node}`}/${text(port, 'protocol') || 'TCP'}`;
  });
  const clusterIp = text(list(service, 'spec', 'clusterIPs')[0]) || text(service, 'spec', 'clusterIP');
  return [
    name(service),
    text(service, 'spec', 'type') || 'ClusterIP',
    clusterIp || '<none>',
    externalIp(service),
    joined(ports),
    age(service, now),
    labelsText(at(service, 'spec', 'selector')),
  ];
}

function endpointsText(endpoints: unknown): string {
  const all = list(endpoints, 'subsets').flatMap((subset) => {
    const addresses = list(subset, 'addresses').map((a) => text(a, 'ip'));
    const ports = list(subset, 'ports').map((p) => text(p, 'port'));
    const host = (ip: string): string => (ip.includes(':') ? `[${ip}]` : ip);
    if (ports.length === 0) return addresses;
    return ports.flatMap((port) => addresses.map((ip) => `${host(ip)}:${port}`));
  });
  return firstThree(all);
}

function nodeCells(node: unknown, now: number): Cell[] {
  const ready = list(node, 'status', 'conditions').find((c) => text(c, 'type') === 'Ready');
  const status = [ready === undefined ? 'Unknown' : text(ready, 'status') === 'True' ? 'Ready' : 'NotReady'];
  if (at(node, 'spec', 'unschedulable') === true) status.push('SchedulingDisabled');
  const roles = Object.entries(fields(node, 'metadata', 'labels')).flatMap(([key, value]) => {
    if (key.startsWith('node-role.kubernetes.io/')) return [key.slice('node-role.kubernetes.io/'.length)];
    return key === 'kubernetes.io/role' && value !== '' ? [text(value)] : [];
  });
  const address = (type: string): string =>
    text(
      list(node, 'status', 'addresses').find((a) => text(a, 'type') === type),
      'address',
    ) || '<none>';
  const info = fields(node, 'status', 'nodeInfo');
  return [
    name(node),
    status.join(','),
    joined(roles.filter((role) => role !== '').sort()),
    age(node, now),
    text(info, 'kubeletVersion'),
    address('InternalIP'),
    address('ExternalIP'),
    text(info, 'osImage') || '<unknown>',
    text(info, 'kernelVersion') || '<unknown>',
    text(info, 'containerRuntimeVersion') || '<unknown>',
  ];
}

/** Both versions of events: events.k8s.io/v1 names the same things anew. */
function eventCells(event: unknown, now: number): Cell[] {
  const about = fields(event, at(event, 'regarding') === undefined ? 'involvedObject' : 'regarding');
  const eventTime = at(event, 'eventTime') ?? undefined;
  const first = at(event, 'firstTimestamp') ?? at(event, 'deprecatedFirstTimestamp') ?? eventTime;
  const last = at(event, 'lastTimestamp') ?? at(event, 'deprecatedLastTimestamp') ?? first;
  const seen = at(event, 'series', 'lastObservedTime') ?? last;
  const count =
    integer(event, 'series', 'count') || integer(event, 'count') || integer(event, 'deprecatedCount') || 1;
  const source = fields(event, at(event, 'source') === undefined ? 'deprecatedSource' : 'source');
  const component =
    text(source, 'component') || text(event, 'reportingComponent') || text(event, 'reportingController');
  const host = text(source, 'host') || text(event, 'reportingInstance');
  return [
    since(seen, now),
    text(event, 'type'),
    text(event, 'reason'),
    `${text(about, 'kind').toLowerCase()}/${text(about, 'name')}`,
    text(about, 'fieldPath'),
    host === '' ? component : `${component}, ${host}`,
    (text(event, 'message') || text(event, 'note')).trim(),
    since(first, now),
    count,
    name(event),
  ];
}

function claimCells(claim: unknown, now: number): Cell[] {
  const volume = text(claim, 'spec', 'volumeName');
  return [
    name(claim),
    deleting(claim) ? 'Terminating' : text(claim, 'status', 'phase'),
    volume,
    volume === '' ? '' : text(claim, 'status', 'capacity', 'storage'),
    volume === '' ? '' : modesText(list(claim, 'status', 'accessModes')),
    text(claim, 'spec', 'storageClassName'),
    text(claim, 'spec', 'volumeAttributesClassName') || '<unset>',
    age(claim, now),
    text(claim, 'spec', 'volumeMode') || '<unset>',
  ];
}

function volumeCells(volume: unknown, now: number): Cell[] {
  const claim = fields(volume, 'spec', 'claimRef');
  return [
    name(volume),
    text(volume, 'spec', 'capacity', 'storage'),
    modesText(list(volume, 'spec', 'accessModes')),
    text(volume, 'spec', 'persistentVolumeReclaimPolicy'),
    deleting(volume) ? 'Terminating' : text(volume, 'status', 'phase'),
    text(claim, 'name') === '' ? '' : `${text(claim, 'namespace')}/${text(claim, 'name')}`,
    text(volume, 'spec', 'storageClassName'),
    text(volume, 'spec', 'volumeAttributesClassName') || '<unset>',
    text(volume, 'status', 'reason'),
    age(volume, now),
    text(volume, 'spec', 'volumeMode') || '<unset>',
  ];
}

const eventPrinter: Printer = {
  columns: columns(
    'Last Seen',
    'Type',
    'Reason',
    'Object',
    'Subobject+',
    'Source+',
    'Message',
    'First Seen+',
    'Count+',
    'Name+',
  ),
  cells: eventCells,
};

/** By `group/plural`; the core group is empty. */
export const corePrinters: Record<string, Printer> = {
  '/services': {
    columns: columns('Name', 'Type', 'Cluster-IP', 'External-IP', 'Port(s)', 'Age', 'Selector+'),
    cells: serviceCells,
  },
  '/endpoints': {
    columns: columns('Name', 'Endpoints', 'Age'),
    cells: (o, now) => [name(o), endpointsText(o), age(o, now)],
  },
  'discovery.k8s.io/endpointslices': {
    columns: columns('Name', 'AddressType', 'Ports', 'Endpoints', 'Age'),
    cells: (o, now) => [
      name(o),
      text(o, 'addressType'),
      joined(
        list(o, 'ports').map((port) => text(port, 'port') || '*'),
        '<unset>',
      ),
      list(o, 'endpoints').length === 0
        ? '<unset>'
        : firstThree(list(o, 'endpoints').flatMap((e) => list(e, 'addresses').map(String))),
      age(o, now),
    ],
  },
  '/configmaps': {
    columns: columns('Name', 'Data', 'Age'),
    cells: (o, now) => [name(o), size(o, 'data') + size(o, 'binaryData'), age(o, now)],
  },
  '/secrets': {
    columns: columns('Name', 'Type', 'Data', 'Age'),
    cells: (o, now) => [name(o), text(o, 'type'), size(o, 'data'), age(o, now)],
  },
  '/serviceaccounts': {
    columns: columns('Name', 'Secrets', 'Age'),
    cells: (o, now) => [name(o), list(o, 'secrets').length, age(o, now)],
  },
  '/namespaces': {
    columns: columns('Name', 'Status', 'Age'),
    cells: (o, now) => [name(o), text(o, 'status', 'phase'), age(o, now)],
  },
  '/nodes': {
    columns: columns(
      'Name',
      'Status',
      'Roles',
      'Age',
      'Version',
      'Internal-IP+',
      'External-IP+',
      'OS-Image+',
      'Kernel-Version+',
      'Container-Runtime+',
    ),
    cells: nodeCells,
  },
  '/events': eventPrinter,
  'events.k8s.io/events': eventPrinter,
  '/persistentvolumeclaims': {
    columns: columns(
      'Name',
      'Status',
      'Volume',
      'Capacity',
      'Access Modes',
      'StorageClass',
      'VolumeAttributesClass',
      'Age',
      'VolumeMode+',
    ),
    cells: claimCells,
  },
  '/persistentvolumes': {
    columns: columns(
      'Name',
      'Capacity',
      'Access Modes',
      'Reclaim Policy',
      'Status',
      'Claim',
      'StorageClass',
      'VolumeAttributesClass',
      'Reason',
      'Age',
      'VolumeMode+',
    ),
    cells: volumeCells,
  },
};
