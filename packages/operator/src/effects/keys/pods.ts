import { kinds } from '../../kinds.ts';
import type { Entry, Written } from '../effect.ts';

const sidecar = {
  spec: { sidecars: [{ name: 'exporter', image: 'registry.example/exporter:1' }] },
} satisfies Written;

/** Pods. */
export const podsKeys: Record<string, Entry> = {
  additional_pod_capabilities: {
    change: { configuration: { additional_pod_capabilities: 'SYS_NICE' } },
    differs: ['StatefulSet acid-demo.spec.template.spec.containers[postgres].securityContext.capabilities'],
  },
  enable_init_containers: {
    given: { spec: { initContainers: [{ name: 'first', image: 'registry.example/first:1' }] } },
    change: { configuration: { enable_init_containers: 'false' } },
    differs: [
      'Endpoints acid-demo',
      'Endpoints acid-demo-config',
      'Endpoints acid-demo-failover',
      'Endpoints acid-demo-sync',
      'Patroni',
      'PodDisruptionBudget postgres-acid-demo-critical-op-pdb',
      'PodDisruptionBudget postgres-acid-demo-pdb',
      'PostgreSQL',
      'RoleBinding postgres-pod',
      'Secret acid-demo-patroni-api',
      'Secret foo-user.acid-demo.credentials.postgresql.acid.zalan.do',
      'Secret postgres.acid-demo.credentials.postgresql.acid.zalan.do',
      'Secret standby.acid-demo.credentials.postgresql.acid.zalan.do',
      'Service acid-demo',
      'Service acid-demo-config',
      'Service acid-demo-repl',
      'ServiceAccount postgres-pod',
      'ServiceAccount postgres-pod kept',
      'StatefulSet acid-demo',
      'deletion',
      'problems[0]',
      'rolling updates',
    ],
  },
  enable_pod_antiaffinity: {
    change: { configuration: { enable_pod_antiaffinity: 'true' } },
    differs: ['StatefulSet acid-demo.spec.template.spec.affinity'],
  },
  enable_readiness_probe: {
    change: { configuration: { enable_readiness_probe: 'true' } },
    differs: ['StatefulSet acid-demo.spec.template.spec.containers[postgres].readinessProbe'],
  },
  enable_sidecars: {
    given: sidecar,
    change: { configuration: { enable_sidecars: 'false' } },
    differs: [
      'Endpoints acid-demo',
      'Endpoints acid-demo-config',
      'Endpoints acid-demo-failover',
      'Endpoints acid-demo-sync',
      'Patroni',
      'PodDisruptionBudget postgres-acid-demo-critical-op-pdb',
      'PodDisruptionBudget postgres-acid-demo-pdb',
      'PostgreSQL',
      'RoleBinding postgres-pod',
      'Secret acid-demo-patroni-api',
      'Secret foo-user.acid-demo.credentials.postgresql.acid.zalan.do',
      'Secret postgres.acid-demo.credentials.postgresql.acid.zalan.do',
      'Secret standby.acid-demo.credentials.postgresql.acid.zalan.do',
      'Service acid-demo',
      'Service acid-demo-config',
      'Service acid-demo-repl',
      'ServiceAccount postgres-pod',
      'ServiceAccount postgres-pod kept',
      'StatefulSet acid-demo',
      'deletion',
      'problems[0]',
      'rolling updates',
    ],
  },
  liveness_probe: {
    change: { configuration: { liveness_probe: '{"httpGet":{"path":"/liveness","port":8008}}' } },
    differs: ['StatefulSet acid-demo.spec.template.spec.containers[postgres].livenessProbe'],
  },
  node_readiness_label: {
    change: { configuration: { node_readiness_label: 'lifecycle-status:ready' } },
    differs: ['StatefulSet acid-demo.spec.template.spec.affinity'],
  },
  node_readiness_label_merge: {
    given: {
      configuration: { node_readiness_label: 'lifecycle-status:ready' },
      spec: {
        nodeAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: {
            nodeSelectorTerms: [{ matchExpressions: [{ key: 'disk', operator: 'In', values: ['fast'] }] }],
          },
        },
      },
    },
    change: { configuration: { node_readiness_label_merge: 'AND' } },
    differs: [
      'StatefulSet acid-demo.spec.template.spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchExpressions[1]',
      'StatefulSet acid-demo.spec.template.spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[1]',
    ],
  },
  pod_antiaffinity_preferred_during_scheduling: {
    given: { configuration: { enable_pod_antiaffinity: 'true' } },
    change: { configuration: { pod_antiaffinity_preferred_during_scheduling: 'true' } },
    differs: [
      'StatefulSet acid-demo.spec.template.spec.affinity.podAntiAffinity.preferredDuringSchedulingIgnoredDuringExecution',
      'StatefulSet acid-demo.spec.template.spec.affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution',
    ],
  },
  pod_antiaffinity_topology_key: {
    given: { configuration: { enable_pod_antiaffinity: 'true' } },
    change: { configuration: { pod_antiaffinity_topology_key: 'topology.kubernetes.io/zone' } },
    differs: [
      'StatefulSet acid-demo.spec.template.spec.affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].topologyKey',
    ],
  },
  pod_environment_configmap: {
    given: {
      objects: [
        {
          kind: kinds.configMap,
          object: { metadata: { name: 'more', namespace: 'default' }, data: { FOO: 'bar' } },
        },
      ],
    },
    change: { configuration: { pod_environment_configmap: 'more' } },
    differs: ['StatefulSet acid-demo.spec.template.spec.containers[postgres].env[FOO]'],
  },
  pod_environment_secret: {
    given: {
      objects: [
        {
          kind: kinds.secret,
          object: { metadata: { name: 'more', namespace: 'default' }, data: { FOO: 'YmFy' } },
        },
      ],
    },
    change: { configuration: { pod_environment_secret: 'more' } },
    differs: ['StatefulSet acid-demo.spec.template.spec.containers[postgres].env[FOO]'],
  },
  pod_management_policy: {
    change: { configuration: { pod_management_policy: 'parallel' } },
    differs: ['StatefulSet acid-demo.spec.podManagementPolicy'],
  },
  pod_priority_class_name: {
    change: { configuration: { pod_priority_class_name: 'important' } },
    differs: ['StatefulSet acid-demo.spec.template.spec.priorityClassName'],
  },
  pod_role_label: {
    change: { configuration: { pod_role_label: 'role' } },
    differs: [
      'PodDisruptionBudget postgres-acid-demo-pdb.spec.selector.matchLabels.role',
      'PodDisruptionBudget postgres-acid-demo-pdb.spec.selector.matchLabels.spilo-role',
      'Service acid-demo.metadata.labels.role',
      'Service acid-demo.metadata.labels.spilo-role',
      'Service acid-demo-repl.metadata.labels.role',
      'Service acid-demo-repl.metadata.labels.spilo-role',
      'Service acid-demo-repl.spec.selector.role',
      'Service acid-demo-repl.spec.selector.spilo-role',
      'StatefulSet acid-demo.spec.template.spec.containers[postgres].env[KUBERNETES_ROLE_LABEL].value',
    ],
  },
  pod_service_account_definition: {
    change: {
      configuration: {
        pod_service_account_definition:
          '{"apiVersion":"v1","kind":"ServiceAccount","metadata":{"name":"postgres-pod"},"imagePullSecrets":[{"name":"registry"}]}',
      },
    },
    differs: ['ServiceAccount postgres-pod.imagePullSecrets'],
  },
  pod_service_account_name: {
    change: { configuration: { pod_service_account_name: 'database' } },
    differs: [
      'RoleBinding database',
      'RoleBinding postgres-pod',
      'ServiceAccount database',
      'ServiceAccount database kept',
      'ServiceAccount postgres-pod',
      'ServiceAccount postgres-pod kept',
      'StatefulSet acid-demo.spec.template.spec.serviceAccountName',
    ],
  },
  pod_service_account_role_binding_definition: {
    change: {
      configuration: {
        pod_service_account_role_binding_definition:
          '{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"RoleBinding","metadata":{"name":"postgres-pod"},"roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"Role","name":"own"},"subjects":[{"kind":"ServiceAccount","name":"postgres-pod"}]}',
      },
    },
    differs: ['RoleBinding postgres-pod.roleRef.kind', 'RoleBinding postgres-pod.roleRef.name'],
  },
  pod_terminate_grace_period: {
    change: { configuration: { pod_terminate_grace_period: '1m' } },
    differs: ['StatefulSet acid-demo.spec.template.spec.terminationGracePeriodSeconds'],
  },
  share_pgsocket_with_sidecars: {
    given: sidecar,
    change: { configuration: { share_pgsocket_with_sidecars: 'true' } },
    differs: [
      'StatefulSet acid-demo.spec.template.spec.containers[exporter].volumeMounts[postgresql-run]',
      'StatefulSet acid-demo.spec.template.spec.containers[postgres].volumeMounts[postgresql-run]',
      'StatefulSet acid-demo.spec.template.spec.volumes[postgresql-run]',
    ],
  },
  spilo_allow_privilege_escalation: {
    change: { configuration: { spilo_allow_privilege_escalation: 'true' } },
    differs: [
      'StatefulSet acid-demo.spec.template.spec.containers[postgres].securityContext.allowPrivilegeEscalation',
    ],
  },
  spilo_fsgroup: {
    change: { configuration: { spilo_fsgroup: '1003' } },
    differs: ['StatefulSet acid-demo.spec.template.spec.securityContext.fsGroup'],
  },
  spilo_privileged: {
    change: { configuration: { spilo_privileged: 'true' } },
    differs: ['StatefulSet acid-demo.spec.template.spec.containers[postgres].securityContext.privileged'],
  },
  spilo_runasgroup: {
    change: { configuration: { spilo_runasgroup: '1002' } },
    differs: ['StatefulSet acid-demo.spec.template.spec.securityContext.runAsGroup'],
  },
  spilo_runasuser: {
    change: { configuration: { spilo_runasuser: '1001' } },
    differs: ['StatefulSet acid-demo.spec.template.spec.securityContext.runAsUser'],
  },
  toleration: {
    change: { configuration: { toleration: 'key:postgres,operator:Exists,effect:NoSchedule' } },
    differs: ['StatefulSet acid-demo.spec.template.spec.tolerations[0]'],
  },
};
