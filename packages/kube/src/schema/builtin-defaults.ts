import type { Fields } from './builtin-defaults-pod.ts';
import { fieldsOf, fill, itemsOf, podDefaults, templateDefaults } from './builtin-defaults-pod.ts';
import { isObject } from './schema.ts';

const rbac = 'rbac.authorization.k8s.io';

/** The member `key` as an object, made when it is absent. */
function made(target: Fields, key: string): Fields {
  if (!isObject(target[key])) target[key] = {};
  return target[key] as Fields;
}

function serviceDefaults(service: Fields): void {
  const spec = made(service, 'spec');
  fill(spec, { sessionAffinity: 'None', type: 'ClusterIP' });
  if (spec['sessionAffinity'] === 'ClientIP')
    fill(made(made(spec, 'sessionAffinityConfig'), 'clientIP'), { timeoutSeconds: 10_800 });
  const { type } = spec;
  for (const port of itemsOf(spec['ports'])) {
    fill(port, { protocol: 'TCP' });
    if (!port['targetPort']) port['targetPort'] = port['port'];
  }
  const external = type === 'NodePort' || type === 'LoadBalancer';
  if (external || (type === 'ClusterIP' && itemsLength(spec['externalIPs']) > 0))
    fill(spec, { externalTrafficPolicy: 'Cluster' });
  if (type !== 'ExternalName') fill(spec, { internalTrafficPolicy: 'Cluster' });
  if (type === 'LoadBalancer') fill(spec, { allocateLoadBalancerNodePorts: true });
}

const itemsLength = (value: unknown): number => (Array.isArray(value) ? value.length : 0);

function claimDefaults(claim: Fields): void {
  fill(made(claim, 'spec'), { volumeMode: 'Filesystem' });
  fill(made(claim, 'status'), { phase: 'Pending' });
}

function statefulSetDefaults(set: Fields): void {
  const spec = made(set, 'spec');
  fill(spec, { podManagementPolicy: 'OrderedReady', replicas: 1, revisionHistoryLimit: 10 });
  const strategy = made(spec, 'updateStrategy');
  fill(strategy, { type: 'RollingUpdate' });
  if (strategy['type'] === 'RollingUpdate') fill(made(strategy, 'rollingUpdate'), { partition: 0 });
  const retention = made(spec, 'persistentVolumeClaimRetentionPolicy');
  fill(retention, { whenDeleted: 'Retain', whenScaled: 'Retain' });
  templateDefaults(spec);
  for (const claim of itemsOf(spec['volumeClaimTemplates'])) {
    fill(claim, { apiVersion: 'v1', kind: 'PersistentVolumeClaim' });
    claimDefaults(claim);
  }
}

function deploymentDefaults(deployment: Fields): void {
  const spec = made(deployment, 'spec');
  fill(spec, { replicas: 1, revisionHistoryLimit: 10, progressDeadlineSeconds: 600 });
  const strategy = made(spec, 'strategy');
  fill(strategy, { type: 'RollingUpdate' });
  if (strategy['type'] === 'RollingUpdate')
    fill(made(strategy, 'rollingUpdate'), { maxSurge: '25%', maxUnavailable: '25%' });
  templateDefaults(spec);
}

function jobSpecDefaults(spec: Fields): void {
  // Without a number of completions a job is a work queue, which has no default but parallelism.
  const neither = [spec['completions'], spec['parallelism']].every((n) => n === undefined || n === null);
  if (neither) fill(spec, { completions: 1 });
  fill(spec, { parallelism: 1, backoffLimit: 6, completionMode: 'NonIndexed', suspend: false });
  const replacement = isObject(spec['podFailurePolicy']) ? 'Failed' : 'TerminatingOrFailed';
  fill(spec, { podReplacementPolicy: replacement });
  templateDefaults(spec);
}

function cronJobDefaults(cronJob: Fields): void {
  const spec = made(cronJob, 'spec');
  fill(spec, { concurrencyPolicy: 'Allow', suspend: false });
  fill(spec, { successfulJobsHistoryLimit: 3, failedJobsHistoryLimit: 1 });
  // Of the Job in here only the pods: the rest is filled in when the Job is made.
  const job = fieldsOf(spec['jobTemplate'])['spec'];
  if (isObject(job)) templateDefaults(job);
}

function bindingDefaults(binding: Fields): void {
  if (isObject(binding['roleRef'])) fill(binding['roleRef'], { apiGroup: rbac });
  for (const subject of itemsOf(binding['subjects']))
    if (subject['kind'] === 'User' || subject['kind'] === 'Group') fill(subject, { apiGroup: rbac });
}

function definitionDefaults(definition: Fields): void {
  const spec = made(definition, 'spec');
  const names = made(spec, 'names');
  if (typeof names['kind'] === 'string')
    fill(names, { singular: names['kind'].toLowerCase(), listKind: `${names['kind']}List` });
  fill(made(spec, 'conversion'), { strategy: 'None' });
}

/** By `apiVersion/kind`. */
const defaults: Record<string, (object: Fields) => void> = {
  'v1/Pod': podDefaults,
  'v1/Service': serviceDefaults,
  'v1/PersistentVolumeClaim': claimDefaults,
  'v1/PersistentVolume': (volume) => {
    fill(made(volume, 'spec'), { persistentVolumeReclaimPolicy: 'Retain', volumeMode: 'Filesystem' });
    fill(made(volume, 'status'), { phase: 'Pending' });
  },
  'v1/Secret': (secret) => fill(secret, { type: 'Opaque' }),
  'v1/Namespace': (namespace) => fill(made(namespace, 'status'), { phase: 'Active' }),
  'v1/Endpoints': (endpoints) => {
    for (const subset of itemsOf(endpoints['subsets']))
      for (const port of itemsOf(subset['ports'])) fill(port, { protocol: 'TCP' });
  },
  'discovery.k8s.io/v1/EndpointSlice': (slice) => {
    for (const port of itemsOf(slice['ports'])) fill(port, { name: '', protocol: 'TCP' });
  },
  'storage.k8s.io/v1/StorageClass': (storageClass) =>
    fill(storageClass, { reclaimPolicy: 'Delete', volumeBindingMode: 'Immediate' }),
  'scheduling.k8s.io/v1/PriorityClass': (priorityClass) =>
    fill(priorityClass, { preemptionPolicy: 'PreemptLowerPriority' }),
  'apps/v1/StatefulSet': statefulSetDefaults,
  'apps/v1/Deployment': deploymentDefaults,
  'apps/v1/ReplicaSet': (set) => {
    const spec = made(set, 'spec');
    fill(spec, { replicas: 1 });
    templateDefaults(spec);
  },
  'batch/v1/Job': (job) => jobSpecDefaults(made(job, 'spec')),
  'batch/v1/CronJob': cronJobDefaults,
  [`${rbac}/v1/RoleBinding`]: bindingDefaults,
  [`${rbac}/v1/ClusterRoleBinding`]: bindingDefaults,
  'apiextensions.k8s.io/v1/CustomResourceDefinition': definitionDefaults,
  'authentication.k8s.io/v1/TokenRequest': (request) =>
    fill(made(request, 'spec'), { expirationSeconds: 3600 }),
};

/**
 * Fills Kubernetes' defaults into an object of a built-in kind, in place, as the API server of v1.30 does when it
 * reads one; kinds without defaults and custom resources stay as they are. Applying it twice changes nothing.
 * Not in here because they need more than the object: cluster IPs, service accounts, what admission adds.
 */
export function applyBuiltinDefaults(object: Fields): void {
  defaults[`${String(object['apiVersion'])}/${String(object['kind'])}`]?.(object);
}
