import type { StatefulSet } from '@pgherd/kube/objects';
import { expect, test } from 'vitest';
import { rendered, renderedOne, type TestInput } from '../testing/rendered.ts';

function statefulSetOf(given: TestInput): StatefulSet {
  return renderedOne('StatefulSet acid-demo', given) as StatefulSet;
}

/** Paths below `spec` of the StatefulSet where two renderings differ, down to the deepest. */
function differences(one: unknown, other: unknown, path = ''): string[] {
  if (JSON.stringify(one) === JSON.stringify(other)) return [];
  const isTree = (value: unknown): value is Record<string, unknown> =>
    typeof value === 'object' && value !== null;
  if (!isTree(one) || !isTree(other)) return [path];
  const keys = [...new Set([...Object.keys(one), ...Object.keys(other)])];
  return keys.flatMap((key) => differences(one[key], other[key], path === '' ? key : `${path}.${key}`));
}

const pod = 'spec.template.spec';
const postgres = `${pod}.containers.0`;
const annotation = 'spec.template.metadata.annotations';
const probe = { httpGet: { path: '/liveness', port: 8008 } };

test.each<[string, TestInput, string[]]>([
  ['spec.numberOfInstances', { spec: { numberOfInstances: 3 } }, ['spec.replicas']],
  ['min_instances', { configuration: { min_instances: 3 } }, ['spec.replicas']],
  ['max_instances', { configuration: { max_instances: 1 } }, ['spec.replicas']],
  ['spec.dockerImage', { spec: { dockerImage: 'x/pgherd/postgres:2' } }, [`${postgres}.image`]],
  ['docker_image', { configuration: { docker_image: 'x/pgherd/postgres:2' } }, [`${postgres}.image`]],
  ['spec.schedulerName', { spec: { schedulerName: 'x' } }, [`${pod}.schedulerName`]],
  ['spec.spiloRunAsUser', { spec: { spiloRunAsUser: 7 } }, [`${pod}.securityContext.runAsUser`]],
  ['spec.spiloRunAsGroup', { spec: { spiloRunAsGroup: 7 } }, [`${pod}.securityContext.runAsGroup`]],
  ['spec.spiloFSGroup', { spec: { spiloFSGroup: 7 } }, [`${pod}.securityContext.fsGroup`]],
  [
    'spilo_runasuser',
    { configuration: { spilo_runasuser: undefined } },
    [`${pod}.securityContext.runAsUser`],
  ],
  ['spilo_runasgroup', { configuration: { spilo_runasgroup: 7 } }, [`${pod}.securityContext.runAsGroup`]],
  ['spilo_fsgroup', { configuration: { spilo_fsgroup: 7 } }, [`${pod}.securityContext.fsGroup`]],
  [
    'spilo_allow_privilege_escalation',
    { configuration: { spilo_allow_privilege_escalation: true } },
    [`${postgres}.securityContext.allowPrivilegeEscalation`],
  ],
  [
    'spilo_privileged',
    { configuration: { spilo_privileged: true } },
    [`${postgres}.securityContext.privileged`],
  ],
  [
    'additional_pod_capabilities',
    { configuration: { additional_pod_capabilities: ['sys_nice'] } },
    [`${postgres}.securityContext.capabilities`],
  ],
  ['spec.livenessProbe', { spec: { livenessProbe: probe } }, [`${postgres}.livenessProbe`]],
  ['liveness_probe', { configuration: { liveness_probe: probe } }, [`${postgres}.livenessProbe`]],
  [
    'enable_readiness_probe',
    { configuration: { enable_readiness_probe: true } },
    [`${postgres}.readinessProbe`],
  ],
  ['spec.envFrom', { spec: { envFrom: [{ secretRef: { name: 'x' } }] } }, [`${postgres}.envFrom`]],
  ['spec.tolerations', { spec: { tolerations: [{ operator: 'Exists' }] } }, [`${pod}.tolerations.0`]],
  ['toleration', { configuration: { toleration: { operator: 'Exists' } } }, [`${pod}.tolerations.0`]],
  ['spec.podPriorityClassName', { spec: { podPriorityClassName: 'x' } }, [`${pod}.priorityClassName`]],
  [
    'pod_priority_class_name',
    { configuration: { pod_priority_class_name: 'x' } },
    [`${pod}.priorityClassName`],
  ],
  ['enable_pod_antiaffinity', { configuration: { enable_pod_antiaffinity: true } }, [`${pod}.affinity`]],
  [
    'pod_service_account_name',
    { configuration: { pod_service_account_name: 'x' } },
    [`${pod}.serviceAccountName`],
  ],
  [
    'pod_terminate_grace_period',
    { configuration: { pod_terminate_grace_period: 60_000 } },
    [`${pod}.terminationGracePeriodSeconds`],
  ],
  ['spec.podAnnotations', { spec: { podAnnotations: { a: 'x' } } }, [`${annotation}.a`]],
  ['custom_pod_annotations', { configuration: { custom_pod_annotations: { a: 'x' } } }, [`${annotation}.a`]],
  ['kube_iam_role', { configuration: { kube_iam_role: 'x' } }, [`${annotation}.iam.amazonaws.com/role`]],
  [
    'pod_management_policy',
    { configuration: { pod_management_policy: 'parallel' } },
    ['spec.podManagementPolicy'],
  ],
  [
    'persistent_volume_claim_retention_policy',
    { configuration: { persistent_volume_claim_retention_policy: { when_deleted: 'delete' } } },
    ['spec.persistentVolumeClaimRetentionPolicy.whenDeleted'],
  ],
  [
    'spec.volume.storageClass',
    { spec: { volume: { size: '1Gi', storageClass: 'x' } } },
    ['spec.volumeClaimTemplates.0.spec.storageClassName'],
  ],
  [
    'spec.volume.selector',
    { spec: { volume: { size: '1Gi', selector: { matchLabels: { a: 'x' } } } } },
    ['spec.volumeClaimTemplates.0.spec.selector'],
  ],
  [
    'spec.volume.subPath',
    { spec: { volume: { size: '1Gi', subPath: 'x' } } },
    [`${postgres}.volumeMounts.0.subPath`],
  ],
  [
    'inherited_annotations',
    { configuration: { inherited_annotations: ['a'] }, metadata: { annotations: { a: 'x' } } },
    ['metadata.annotations', `${annotation}.a`, 'spec.volumeClaimTemplates.0.metadata.annotations'],
  ],
  [
    'inherited_labels',
    { configuration: { inherited_labels: ['a'] }, metadata: { labels: { a: 'x' } } },
    ['metadata.labels.a', 'spec.template.metadata.labels.a', 'spec.volumeClaimTemplates.0.metadata.labels.a'],
  ],
])('%s changes what it should and nothing else', (_key, given, expected) => {
  expect(differences(statefulSetOf({}), statefulSetOf(given))).toEqual(expected);
});

test('annotations of a pod: those of the manifest win over those of the operator, inherited ones over both', () => {
  const { spec } = statefulSetOf({
    configuration: { custom_pod_annotations: { a: '1', b: '1', c: '1' }, inherited_annotations: ['c'] },
    spec: { podAnnotations: { b: '2', c: '2' } },
    metadata: { annotations: { c: '3', d: '3' } },
  });
  expect(spec?.template.metadata?.annotations).toEqual({ a: '1', b: '2', c: '3' });
});

test('capabilities are written as Kubernetes calls them', () => {
  const { spec } = statefulSetOf({ configuration: { additional_pod_capabilities: ['sys_nice', 'CHOWN'] } });
  expect(spec?.template.spec?.containers[0]?.securityContext?.capabilities).toEqual({
    add: ['SYS_NICE', 'CHOWN'],
  });
});

test('everything at once is valid', () => {
  const volumeSource = { projected: { sources: [{ secret: { name: 's' } }] } };
  const all = rendered({
    spec: {
      sidecars: [{ name: 'side', image: 'x', ports: [{ containerPort: 80 }], command: ['a'] }],
      initContainers: [{ name: 'init', image: 'x', ports: [{ containerPort: 80 }] }],
      additionalVolumes: [{ name: 'v', mountPath: '/v', volumeSource, targetContainers: ['all'] }],
      tls: { secretName: 'crt', caFile: 'ca.crt', caSecretName: 'ca' },
      topologySpreadConstraints: [{ maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule' }],
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: [{ matchExpressions: [{ key: 'a', operator: 'Exists' }] }],
        },
      },
      clone: { cluster: 'other' },
      standby: { standby_host: 'far' },
      resources: { requests: { cpu: '1', 'hugepages-2Mi': '10Mi' }, limits: { memory: '1Gi' } },
      env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'c', key: 'k' } } }],
    },
    configuration: {
      share_pgsocket_with_sidecars: true,
      additional_secret_mount: 'keys',
      additional_secret_mount_path: '/keys',
      enable_pod_antiaffinity: true,
      node_readiness_label: { ready: 'yes' },
      scalyr_image: 'x',
      scalyr_api_key: 'k',
      wal_s3_bucket: 'b',
      liveness_probe: probe,
    },
  });
  expect(all.has('StatefulSet acid-demo')).toBe(true);
});
