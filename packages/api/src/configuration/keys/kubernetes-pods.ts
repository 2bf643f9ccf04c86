import { capabilities, labels, toleration } from '../collections.ts';
import { type Key, inGroup, minute } from '../key.ts';
import { probe, roleBindingDefinition, serviceAccountDefinition } from '../structures.ts';
import { integer, optional } from '../value.ts';
import { labelName, namespacedName, objectName, oneOf } from '../words.ts';

const { key, flag, words, period } = inGroup('kubernetes');

function id(description: string, value: number): Key<number | undefined> {
  return key({
    kind: optional(integer),
    default: value,
    minimum: 0,
    description,
    differs: { zalando: 'none', why: "pgherd's image runs as 101:103 and needs no root." },
  });
}

/** Settings about pods. */
export const podKeys = {
  additional_pod_capabilities: key({
    kind: capabilities,
    default: [],
    description: 'Linux capabilities that the database container gets.',
  }),
  enable_init_containers: flag(true, 'Whether manifests of new clusters may have init containers.'),
  enable_pod_antiaffinity: flag(
    false,
    'Whether pods of one cluster, and those of one pooler, keep away from each other.',
  ),
  enable_readiness_probe: flag(false, 'Whether database pods are ready only when Patroni says so.'),
  enable_sidecars: flag(true, 'Whether manifests of new clusters may have sidecars.'),
  liveness_probe: key({
    kind: probe,
    default: undefined,
    description:
      'Liveness probe of the database container, unless the manifest has one. As JSON in the ConfigMap.',
  }),
  node_readiness_label: key({
    kind: labels,
    default: {},
    description:
      'Labels that a node must have to be fit for database pods. Primaries leave a node that is cordoned and lacks one of them; without this setting, one that is cordoned.',
  }),
  node_readiness_label_merge: key({
    kind: oneOf('OR', 'AND'),
    default: 'OR',
    description:
      "Whether a node must meet `node_readiness_label` besides the terms of the manifest's node affinity (`AND`) or may meet it instead (`OR`).",
    inResource: {
      zalando: 'empty, and then the label is ignored when the manifest has terms of its own',
      decision: '`OR` in both forms, as documented.',
    },
  }),
  pod_antiaffinity_preferred_during_scheduling: flag(
    false,
    'Whether keeping away from each other is a wish instead of a condition.',
  ),
  pod_antiaffinity_topology_key: key({
    kind: labelName,
    default: 'kubernetes.io/hostname',
    description: 'Label of nodes that tells what pods keep away from: nodes, or zones.',
  }),
  pod_environment_configmap: key({
    kind: namespacedName,
    default: undefined,
    description:
      "ConfigMap whose entries become environment variables of the database container; without a namespace in the operator's own, else in the cluster's. A change replaces the pods one by one; while it is missing, pods are neither made nor changed.",
  }),
  pod_environment_secret: key({
    kind: objectName,
    default: '',
    description:
      "Secret, in the cluster's namespace, whose entries become environment variables of the database container. Another set of keys replaces the pods one by one, another value waits for their next start; while it is missing, pods are neither made nor changed.",
  }),
  pod_management_policy: key({
    kind: oneOf('ordered_ready', 'parallel'),
    default: 'ordered_ready',
    description: 'Whether pods are created one after the other or all at once.',
  }),
  pod_priority_class_name: words('', 'Priority class of the pods, unless the manifest has its own.'),
  pod_role_label: key({
    kind: labelName,
    default: 'spilo-role',
    description: 'Label of a pod with its role, `master` or `replica`.',
    nonEmpty: true,
  }),
  pod_service_account_definition: key({
    kind: serviceAccountDefinition,
    default: undefined,
    description:
      'ServiceAccount, as JSON or YAML, that every namespace with clusters gets instead of a plain one, unless it has one. Its name is `pod_service_account_name`.',
  }),
  pod_service_account_name: words(
    'postgres-pod',
    'Service account of the pods, and cluster role that it is bound to.',
    { nonEmpty: true },
  ),
  pod_service_account_role_binding_definition: key({
    kind: roleBindingDefinition,
    default: undefined,
    description:
      'RoleBinding, as JSON or YAML, that every namespace with clusters gets instead of a plain one, unless it has one. Its name is `pod_service_account_name`.',
  }),
  pod_terminate_grace_period: period(5 * minute, 'How long a pod may take to stop.'),
  share_pgsocket_with_sidecars: flag(
    false,
    "Whether all containers of a pod reach PostgreSQL's socket in `/var/run/postgresql`.",
  ),
  spilo_allow_privilege_escalation: flag(
    false,
    'Whether processes of the database container may gain privileges (cron in Spilo needs it). An existing cluster keeps what it has.',
    { differs: { zalando: 'true', why: "pgherd's image needs no privileges." } },
  ),
  spilo_fsgroup: id("Group id that owns the volumes' files.", 103),
  spilo_privileged: flag(false, 'Whether the database container is privileged.'),
  spilo_runasgroup: id('Group id that the pods run with.', 103),
  spilo_runasuser: id('User id that the pods run with.', 101),
  toleration: key({
    kind: toleration,
    default: {},
    description:
      'One toleration of the pods (`key`, `operator`, `value`, `effect`), unless the manifest has its own.',
  }),
};
