import { annotations, expressions, labelNames, labels, retentionPolicy } from '../collections.ts';
import { inGroup, minute } from '../key.ts';
import { infrastructureRoles } from '../structures.ts';
import {
  labelName,
  namespaceNames,
  namespacedName,
  objectName,
  oneOf,
  shareOrSize,
  template,
} from '../words.ts';

const { key, flag, period } = inGroup('kubernetes');

/** Settings about objects, names and labels. */
export const objectKeys = {
  cluster_domain: key({
    kind: objectName,
    default: 'cluster.local',
    description: 'DNS suffix of the Kubernetes cluster, for the names of hosts in Secrets of roles.',
  }),
  cluster_labels: key({
    kind: labels,
    default: { application: 'spilo' },
    description: 'Labels of every object of every cluster, and part of every selector.',
  }),
  cluster_name_label: key({
    kind: labelName,
    default: 'cluster-name',
    description: "Label with the cluster's name.",
    nonEmpty: true,
  }),
  custom_pod_annotations: key({ kind: annotations, default: {}, description: 'Annotations of all pods.' }),
  delete_annotation_date_key: key({
    kind: labelName,
    default: '',
    description:
      "Annotation that a manifest must have, with today's date (YYYY-MM-DD), before its deletion is acted on; none if empty.",
  }),
  delete_annotation_name_key: key({
    kind: labelName,
    default: '',
    description:
      "Annotation that a manifest must have, with the cluster's name, before its deletion is acted on; none if empty.",
  }),
  downscaler_annotations: key({
    kind: expressions,
    default: [],
    description:
      'Annotations of a manifest, as regular expressions, that its StatefulSet and pooler Deployment get as well.',
  }),
  enable_cross_namespace_secret: flag(
    false,
    'Whether the Secret of a user that is called `NAMESPACE.NAME` is in that namespace.',
  ),
  enable_finalizers: flag(
    true,
    'Whether a manifest has a finalizer, so that its deletion waits until all its objects are gone.',
    {
      differs: {
        zalando: 'false',
        why: 'Without one a deletion while the operator is away leaves everything behind.',
      },
    },
  ),
  enable_owner_references: flag(
    false,
    'Whether objects of a cluster are owned by its manifest, so that Kubernetes deletes them together.',
  ),
  enable_persistent_volume_claim_deletion: flag(
    true,
    'Whether the volumes are deleted together with their cluster.',
  ),
  enable_pod_disruption_budget: flag(
    true,
    'Whether disruption budgets keep the primary and pods in critical operations from being evicted; if not, they are there and allow everything.',
  ),
  enable_secrets_deletion: flag(true, 'Whether the Secrets are deleted together with their cluster.'),
  ignored_annotations: key({
    kind: labelNames,
    default: [],
    description: 'Annotations that somebody else manages: a difference in them is none.',
  }),
  infrastructure_roles_secret_name: key({
    kind: namespacedName,
    default: undefined,
    description:
      'Secret with roles of all clusters in the old form: `user1`, `password1`, `inrole1`, `user2` … A ConfigMap of its name may describe more roles, whose passwords are in the Secret, too.',
  }),
  infrastructure_roles_secrets: key({
    kind: infrastructureRoles,
    default: [],
    description:
      "Secrets with roles of all clusters, and where in them the roles are; ConfigMaps of their names may describe more. A Secret without a namespace is in the operator's own, or else in `default`. Changes reach the clusters without a restart.",
    inResource: {
      zalando: '`defaultuservalue`, `defaultrolevalue`, `details` and `template` are lost',
      decision: 'All of it is read in both forms.',
    },
  }),
  inherited_annotations: key({
    kind: labelNames,
    default: [],
    description: 'Annotations of a manifest that all its objects get as well.',
  }),
  inherited_labels: key({
    kind: labelNames,
    default: [],
    description:
      'Labels of a manifest that all its objects get as well, but for those that are selected by; `team` wins over `teamId`.',
  }),
  master_pod_move_timeout: period(
    20 * minute,
    "Without effect; in Zalando's operator how long moving primaries away from a node that is drained may take altogether.",
    {
      inResource: {
        zalando: '20m if the group `kubernetes` is there, else 10m',
        decision: '20m in both forms.',
      },
      noEffect:
        'a drain that cannot go on is no failure after any time, and goes on as soon as it can; remove it.',
    },
  ),
  oauth_token_secret_name: key({
    kind: namespacedName,
    default: { name: 'postgresql-operator' },
    description:
      "Secret with the token for the Teams API, in the keys `read-only-token-type` (`Bearer`) and `read-only-token-secret`; without a namespace in the operator's.",
    inResource: {
      zalando: '`postgres-operator` if the group `kubernetes` is there, else none',
      decision: 'Each form keeps its own name, or else the Secret that people have would not be found.',
      default: { name: 'postgres-operator' },
    },
  }),
  pdb_master_label_selector: flag(
    true,
    'Whether the disruption budget covers only the primary, instead of all members.',
  ),
  pdb_name_format: key({
    kind: template(['cluster']),
    default: 'postgres-{cluster}-pdb',
    description: "Name of the disruption budget; `{cluster}` is the cluster's name.",
    nonEmpty: true,
    inResource: {
      zalando: 'empty if the group `kubernetes` is missing',
      decision: 'The default holds in both forms, whatever groups are there.',
    },
  }),
  persistent_volume_claim_retention_policy: key({
    kind: retentionPolicy,
    default: { when_deleted: 'retain', when_scaled: 'retain' },
    description:
      'What the StatefulSet does with volumes when it is deleted (`when_deleted`) or made smaller (`when_scaled`): `retain` or `delete`.',
  }),
  secret_name_template: key({
    kind: template(['username', 'cluster'], ['tprkind', 'tprgroup']),
    default: '{username}.{cluster}.credentials.{tprkind}.{tprgroup}',
    description:
      "Name of a role's Secret; `{username}`, `{cluster}`, `{tprkind}` and `{tprgroup}` are replaced.",
    nonEmpty: true,
    inResource: {
      zalando: 'empty if the group `kubernetes` is missing, and nothing works',
      decision: 'The default holds in both forms, whatever groups are there.',
    },
  }),
  storage_resize_mode: key({
    kind: oneOf('ebs', 'mixed', 'pvc', 'off'),
    default: 'pvc',
    description:
      "How volumes grow and change: through their claims (`pvc`); the same, with type, iops and throughput of Amazon's disks through Amazon's API (`mixed`); Amazon's disks and the file systems on them, below the claims (`ebs`); or not at all (`off`).",
  }),
  enable_volume_brake: flag(
    true,
    'Whether writes are stopped (`default_transaction_read_only`) while the rest of `volume_brake_rest` is not free on the volume of the primary, instead of PostgreSQL crashing on a full disk.',
  ),
  volume_brake_rest: key({
    kind: shareOrSize,
    default: '2%',
    description:
      'What the volume brake keeps free: a percentage, of which at least 128 MiB and at most 1 GiB count, or an amount such as `5Gi`. Writes go on when twice as much is free.',
    nonEmpty: true,
  }),
  watched_namespace: key({
    kind: namespaceNames,
    default: '',
    description:
      "Namespaces whose manifests are acted on, with commas between them; `*` for all, empty for the operator's own. The environment variable WATCHED_NAMESPACE wins.",
  }),
};
