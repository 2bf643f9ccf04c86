import { forbidden, type FieldError } from '@pgherd/kube/schema';

/**
 * What the engine does with the fields of the kinds that it serves. `acted`: something here behaves accordingly;
 * `stored`: kept and shown, and nothing would act on it in a cluster of one machine either, or only clients read
 * it; `refused`: answered with 422, since ignoring it would be wrong. A path stands for everything below it unless
 * a longer one says otherwise; `[]` is any item, `*` any member. Kinds that have no entry are stored as they are.
 */
export type Support = 'acted' | 'stored' | 'refused';

export type FieldTable = Readonly<Record<string, readonly [support: Support, note: string]>>;

const acted = (note = ''): readonly [Support, string] => ['acted', note];
const stored = (note = ''): readonly [Support, string] => ['stored', note];
const refused = (note: string): readonly [Support, string] => ['refused', note];

const allEndpoints = 'connections go to the endpoints of all nodes, which are one machine';
const noCloud = 'needs a storage system that is not there';

/** Volume sources that the node agent cannot make. */
const volumeSources = Object.fromEntries(
  [
    'awsElasticBlockStore',
    'azureDisk',
    'azureFile',
    'cephfs',
    'cinder',
    'csi',
    'ephemeral',
    'fc',
    'flexVolume',
    'flocker',
    'gcePersistentDisk',
    'gitRepo',
    'glusterfs',
    'image',
    'iscsi',
    'nfs',
    'photonPersistentDisk',
    'portworxVolume',
    'quobyte',
    'rbd',
    'scaleIO',
    'storageos',
    'vsphereVolume',
  ].map((source) => [`volumes[].${source}`, refused(noCloud)] as const),
);

const containerFields: FieldTable = {
  volumeDevices: refused('block devices are not handed to containers'),
  resizePolicy: refused('containers are not resized in place'),
  'resources.claims': refused('dynamic resource allocation is not served'),
  'securityContext.windowsOptions': refused('containers are Linux'),
  'resources.requests.ephemeral-storage': stored('room on the disk is not accounted for'),
  'resources.limits.ephemeral-storage': stored('room on the disk is not accounted for'),
  'securityContext.procMount': refused('the engine always masks /proc'),
  'securityContext.seLinuxOptions': refused('labels are not set on containers'),
  'securityContext.seccompProfile.localhostProfile': refused('use RuntimeDefault or Unconfined'),
  'lifecycle.stopSignal': refused("the image's own stop signal is used"),
  'lifecycle.postStart.tcpSocket': refused('Kubernetes does not act on it either'),
  'lifecycle.preStop.tcpSocket': refused('Kubernetes does not act on it either'),
  'livenessProbe.grpc': refused('probes are exec, httpGet and tcpSocket'),
  'readinessProbe.grpc': refused('probes are exec, httpGet and tcpSocket'),
  'startupProbe.grpc': refused('probes are exec, httpGet and tcpSocket'),
  'env[].valueFrom.fileKeyRef': refused('not in Kubernetes 1.30'),
};

/** Below each list of containers. */
function inContainers(list: string): FieldTable {
  return Object.fromEntries(
    Object.entries(containerFields).map(([path, entry]) => [`${list}[].${path}`, entry]),
  );
}

/** `spec` of pods and of pod templates, by path within it. */
const podSpec: FieldTable = {
  '': acted(),
  containers: acted(),
  initContainers: acted(),
  ...inContainers('containers'),
  ...inContainers('initContainers'),
  ephemeralContainers: refused('ephemeral containers are not served'),
  hostPID: refused("containers do not get the machine's processes"),
  hostIPC: refused("containers do not get the machine's shared memory"),
  hostUsers: stored('only true: user namespaces are refused'),
  shareProcessNamespace: refused('each container has its own process namespace'),
  runtimeClassName: refused('the machine has one container runtime'),
  overhead: refused('belongs to runtime classes'),
  resourceClaims: refused('dynamic resource allocation is not served'),
  resources: refused('resources are those of the containers'),
  'securityContext.windowsOptions': refused('containers are Linux'),
  'securityContext.seLinuxOptions': refused('labels are not set on containers'),
  'securityContext.seccompProfile.localhostProfile': refused('use RuntimeDefault or Unconfined'),
  os: stored('only linux'),
  schedulerName: acted('a pod for another scheduler stays Pending, as without that scheduler'),
  affinity: acted(),
  topologySpreadConstraints: acted(),
  tolerations: acted(),
  priorityClassName: acted('its number says who gets a place first; nothing is preempted'),
  priority: acted('who gets a place first; nothing is preempted'),
  preemptionPolicy: stored('nothing is preempted'),
  schedulingGates: refused('nobody lifts the gates'),
  imagePullSecrets: stored('images lie on the machine; the engine has its own credentials'),
  enableServiceLinks: acted(),
  'volumes[]': acted(),
  'volumes[].emptyDir.sizeLimit': acted('of medium Memory; nothing measures what lies on disk'),
  ...volumeSources,
};

function under(prefix: string, table: FieldTable): FieldTable {
  return Object.fromEntries(
    Object.entries(table).map(([path, entry]) => [path === '' ? prefix : `${prefix}.${path}`, entry]),
  );
}

/** `spec` of Jobs and of the template of one. */
const jobSpec: FieldTable = {
  '': acted(),
  completionMode: acted('only NonIndexed: Indexed is refused'),
  backoffLimitPerIndex: refused('pods of a Job have no index'),
  maxFailedIndexes: refused('pods of a Job have no index'),
  successPolicy: refused('pods of a Job have no index'),
  podFailurePolicy: refused('every failed pod counts'),
  managedBy: refused('there is one controller of Jobs'),
  ...under('template.spec', podSpec),
};

/** By `group/Kind`. */
export const fieldSupport: Readonly<Record<string, FieldTable>> = {
  '/Pod': under('spec', podSpec),
  'apps/StatefulSet': {
    spec: acted(),
    ...under('spec.template.spec', podSpec),
    'spec.volumeClaimTemplates': acted(),
  },
  'apps/Deployment': { spec: acted(), ...under('spec.template.spec', podSpec) },
  'apps/ReplicaSet': { spec: acted(), ...under('spec.template.spec', podSpec) },
  'batch/Job': under('spec', jobSpec),
  'batch/CronJob': {
    spec: acted(),
    'spec.jobTemplate': acted(),
    ...under('spec.jobTemplate.spec', jobSpec),
  },
  '/Service': {
    spec: acted(),
    'spec.externalIPs': refused("the machine's other addresses are not taken over"),
    'spec.ports[].nodePort': acted(
      "on the InternalIP of every node, its bridge's own address; not on 127.0.0.1",
    ),
    'spec.sessionAffinityConfig': stored('a client stays with its pod as long as the pods are the same'),
    'spec.loadBalancerIP': stored('as without a cloud: no load balancer comes'),
    'spec.loadBalancerClass': stored('as without a cloud: no load balancer comes'),
    'spec.loadBalancerSourceRanges': stored('as without a cloud: no load balancer comes'),
    'spec.externalTrafficPolicy': stored(allEndpoints),
    'spec.internalTrafficPolicy': stored(allEndpoints),
    'spec.trafficDistribution': stored(allEndpoints),
    'spec.healthCheckNodePort': stored('given as in Kubernetes; there is no load balancer that would ask'),
  },
  '/PersistentVolumeClaim': {
    spec: acted(),
    'spec.accessModes': acted('for matching volumes; ReadWriteOncePod keeps no second pod away'),
    'spec.dataSource': refused('volumes are made empty'),
    'spec.dataSourceRef': refused('volumes are made empty'),
    'spec.volumeAttributesClassName': refused('volumes have no attributes'),
  },
  '/PersistentVolume': {
    spec: acted('hostPath and local volumes'),
    'spec.csi': refused(noCloud),
    'spec.nfs': refused(noCloud),
    'spec.iscsi': refused(noCloud),
    'spec.rbd': refused(noCloud),
    'spec.cephfs': refused(noCloud),
    'spec.fc': refused(noCloud),
    'spec.volumeAttributesClassName': refused('volumes have no attributes'),
  },
  '/Namespace': { spec: acted() },
  '/Endpoints': { subsets: acted() },
  '/ConfigMap': { data: acted(), binaryData: acted(), immutable: acted() },
  '/Secret': { data: acted(), stringData: acted(), type: acted(), immutable: acted() },
  '/ServiceAccount': {
    automountServiceAccountToken: acted(),
    imagePullSecrets: acted('given to the pods of the account'),
    secrets: stored(),
  },
  '/Node': {
    spec: stored(),
    'spec.unschedulable': acted(),
    'spec.taints': acted(),
  },
  'storage.k8s.io/StorageClass': {
    provisioner: acted(),
    reclaimPolicy: acted(),
    volumeBindingMode: acted(),
    allowVolumeExpansion: acted(),
    parameters: acted('`size: enforced` of provisioner pgherd.dev/local'),
    mountOptions: stored('volumes are mounted in one way'),
    allowedTopologies: acted('of classes that wait for a pod'),
  },
  'scheduling.k8s.io/PriorityClass': {
    value: acted(
      'the priority of the pods that name the class: who gets a place first; nothing is preempted',
    ),
    globalDefault: acted(),
    preemptionPolicy: stored('nothing is preempted'),
    description: stored(),
  },
  'policy/PodDisruptionBudget': {
    spec: acted('by the subresource eviction'),
  },
  'coordination.k8s.io/Lease': { spec: stored('its holders act') },
  'discovery.k8s.io/EndpointSlice': { endpoints: acted(), ports: acted(), addressType: acted('only IPv4') },
  'rbac.authorization.k8s.io/Role': { rules: acted() },
  'rbac.authorization.k8s.io/ClusterRole': { rules: acted(), aggregationRule: acted() },
  'rbac.authorization.k8s.io/RoleBinding': { subjects: acted(), roleRef: acted() },
  'rbac.authorization.k8s.io/ClusterRoleBinding': { subjects: acted(), roleRef: acted() },
  'apiextensions.k8s.io/CustomResourceDefinition': {
    spec: acted(),
    'spec.conversion.webhook': refused('conversion webhooks are not called'),
    'spec.preserveUnknownFields': refused('belongs to the old version of the kind'),
    'spec.versions[].selectableFields': refused('not served'),
    'spec.versions[].subresources.scale': refused('not served'),
  },
};

/** What the table says of one path, e.g. `spec.containers[].image`; undefined when it says nothing. */
export function supportOf(kind: string, path: string): readonly [Support, string] | undefined {
  const table = fieldSupport[kind] ?? {};
  for (let at = path; at !== ''; at = parentOf(at)) {
    const entry = Object.hasOwn(table, at) ? table[at] : undefined;
    if (entry) return entry;
  }
  return undefined;
}

function parentOf(path: string): string {
  if (path.endsWith('[]')) return path.slice(0, -2);
  return path.slice(0, Math.max(0, path.lastIndexOf('.')));
}

const refusals = new Map<string, { steps: string[]; why: string }[]>();
for (const [kind, table] of Object.entries(fieldSupport)) {
  const entries = Object.entries(table).filter(([, [support]]) => support === 'refused');
  refusals.set(
    kind,
    entries.map(([path, [, why]]) => ({ steps: path.replaceAll('[]', '.[]').split('.'), why })),
  );
}

/** One error for each field that is set and cannot be acted on. False, zero, empty text and null say nothing. */
export function unsupportedFields(kind: { group: string; kind: string }, object: unknown): FieldError[] {
  const errors: FieldError[] = [];
  for (const { steps, why } of refusals.get(`${kind.group}/${kind.kind}`) ?? [])
    find(object, steps, '', why, errors);
  return errors;
}

function find(
  value: unknown,
  steps: readonly string[],
  path: string,
  why: string,
  errors: FieldError[],
): void {
  const [step, ...rest] = steps;
  if (step === undefined) {
    const empty = Array.isArray(value) && value.length === 0;
    if (value && !empty) errors.push(forbidden(path, `not supported by this single-machine engine: ${why}`));
  } else if (step === '[]') {
    if (!Array.isArray(value)) return;
    for (const [index, item] of value.entries()) find(item, rest, `${path}[${index}]`, why, errors);
  } else if (typeof value === 'object' && value !== null && Object.hasOwn(value, step)) {
    const member = (value as Record<string, unknown>)[step];
    find(member, rest, path === '' ? step : `${path}.${step}`, why, errors);
  }
}
