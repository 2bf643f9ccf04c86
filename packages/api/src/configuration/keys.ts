import { type ValueKind, boolean, duration, integer, list, map, oneOf, optional, text } from './value.ts';

/** One setting of the operator. */
export interface Key<T> {
  /** Group in the `OperatorConfiguration` resource; `''` is the top level. */
  group: string;
  kind: ValueKind<T>;
  default: T;
  /** What it does. */
  description: string;
  /** Smallest number allowed. */
  minimum?: number;
  /** The operator does not act on it yet; setting it to anything but its default gives a warning. */
  notYet?: true;
  /** Where pgherd's default differs from Zalando's: theirs (as they write it), and why ours is another. */
  differs?: { zalando: string; why: string };
}

/** Fixes the value's type where the default alone would be too narrow. */
function key<T>(definition: Key<T>): Key<T> {
  return definition;
}

const minutes = 60_000;

function amount(description: string): Key<string | undefined> {
  return { group: 'postgres_pod_resources', kind: optional(text), default: undefined, description };
}

function id(description: string, value: number): Key<number | undefined> {
  return {
    group: 'kubernetes',
    kind: optional(integer),
    default: value,
    minimum: 0,
    description,
    differs: { zalando: 'none', why: "pgherd's image runs as 101:103 and needs no root." },
  };
}

function flag(group: string, value: boolean, description: string): Key<boolean> {
  return { group, kind: boolean, default: value, description };
}

function words(group: string, value: string, description: string): Key<string> {
  return { group, kind: text, default: value, description };
}

/**
 * Every setting that the operator knows, by the name that it has in Zalando's ConfigMap. One entry is all there is to
 * a setting: its type, its parser and its documentation follow from it.
 */
export const configurationKeys = {
  docker_image: key({
    group: '',
    kind: text,
    default: 'localhost/pgherd/postgres:17',
    description: 'Image of the database container, unless the manifest has its own.',
    differs: {
      zalando: 'ghcr.io/zalando/spilo-18:4.1-p2',
      why: "pgherd's own image, built by `make images`.",
    },
  }),
  kubernetes_use_configmaps: key({
    group: '',
    kind: boolean,
    default: false,
    description: 'Whether Patroni of a new cluster keeps its state in ConfigMaps instead of Endpoints.',
    differs: {
      zalando: 'true',
      why: "With Endpoints the primary's Service moves in the same write as the leader lock.",
    },
  }),
  enable_pgversion_env_var: flag(
    '',
    true,
    'Whether the major version reaches the image as `PGVERSION`, or else as `bin_dir` of its configuration.',
  ),
  enable_shm_volume: flag('', true, 'Whether `/dev/shm` is a memory volume, unless the manifest says.'),
  enable_spilo_wal_path_compat: flag(
    '',
    false,
    'Whether the image also looks for WAL archives at the paths that older images used.',
  ),
  enable_team_id_clustername_prefix: flag(
    '',
    false,
    "Whether a cluster's name must begin with its team and a dash.",
  ),
  etcd_host: words(
    '',
    '',
    'Host of an etcd that Patroni keeps its state in, instead of Kubernetes; empty for Kubernetes.',
  ),
  ignore_instance_limits_annotation_key: words(
    '',
    '',
    'Annotation of a manifest that, with the value `true`, exempts it from `min_instances` and `max_instances`; none if empty.',
  ),
  max_instances: key({
    group: '',
    kind: integer,
    default: -1,
    minimum: -1,
    description: 'Most members that a cluster may have; -1 means no limit.',
  }),
  min_instances: key({
    group: '',
    kind: integer,
    default: -1,
    minimum: -1,
    description: 'Fewest members that a cluster may have; -1 means no limit.',
  }),
  resync_period: key({
    group: '',
    kind: duration,
    default: 30 * minutes,
    notYet: true,
    description: 'How often every cluster is looked at although nothing seems to have changed.',
  }),
  workers: key({
    group: '',
    kind: integer,
    default: 8,
    minimum: 1,
    description: 'How many clusters are worked on at the same time.',
  }),
  additional_owner_roles: key({
    group: 'users',
    kind: list,
    default: [],
    description: 'Roles that every role that owns a database becomes a member of.',
  }),
  replication_username: words('users', 'standby', 'Role that replicas connect with; Patroni creates it.'),
  super_username: words('users', 'postgres', 'Superuser role; Patroni creates it.'),
  cluster_domain: key({
    group: 'kubernetes',
    kind: text,
    default: 'cluster.local',
    notYet: true,
    description: 'DNS suffix of the Kubernetes cluster.',
  }),
  cluster_labels: key({
    group: 'kubernetes',
    kind: map,
    default: { application: 'spilo' },
    description: 'Labels of every object of every cluster, and part of every selector.',
  }),
  cluster_name_label: words('kubernetes', 'cluster-name', "Label with the cluster's name."),
  custom_pod_annotations: key({
    group: 'kubernetes',
    kind: map,
    default: {},
    description: 'Annotations of all pods.',
  }),
  delete_annotation_date_key: words(
    'kubernetes',
    '',
    "Annotation that a manifest must have, with today's date (YYYY-MM-DD), before its deletion is acted on; none if empty.",
  ),
  delete_annotation_name_key: words(
    'kubernetes',
    '',
    "Annotation that a manifest must have, with the cluster's name, before its deletion is acted on; none if empty.",
  ),
  enable_cross_namespace_secret: key({
    group: 'kubernetes',
    kind: boolean,
    default: false,
    notYet: true,
    description: 'Whether Secrets of roles may be in other namespaces than their cluster.',
  }),
  enable_finalizers: key({
    group: 'kubernetes',
    kind: boolean,
    default: true,
    description:
      'Whether a manifest has a finalizer, so that its deletion waits until all its objects are gone.',
    differs: {
      zalando: 'false',
      why: 'Without one a deletion while the operator is away leaves everything behind.',
    },
  }),
  enable_owner_references: flag(
    'kubernetes',
    false,
    'Whether objects of a cluster are owned by its manifest, so that Kubernetes deletes them together.',
  ),
  enable_persistent_volume_claim_deletion: flag(
    'kubernetes',
    true,
    'Whether the volumes are deleted together with their cluster.',
  ),
  enable_pod_disruption_budget: flag(
    'kubernetes',
    true,
    'Whether disruption budgets keep the primary and pods in critical operations from being evicted.',
  ),
  enable_readiness_probe: flag(
    'kubernetes',
    false,
    'Whether database pods are ready only when Patroni says so.',
  ),
  enable_secrets_deletion: flag(
    'kubernetes',
    true,
    'Whether the Secrets are deleted together with their cluster.',
  ),
  inherited_annotations: key({
    group: 'kubernetes',
    kind: list,
    default: [],
    description: 'Annotations of a manifest that all its objects get as well.',
  }),
  inherited_labels: key({
    group: 'kubernetes',
    kind: list,
    default: [],
    description: 'Labels of a manifest that all its objects get as well.',
  }),
  pdb_master_label_selector: flag(
    'kubernetes',
    true,
    'Whether the disruption budget covers only the primary, instead of all members.',
  ),
  pdb_name_format: words(
    'kubernetes',
    'postgres-{cluster}-pdb',
    "Name of the disruption budget; `{cluster}` is the cluster's name.",
  ),
  persistent_volume_claim_retention_policy: key({
    group: 'kubernetes',
    kind: map,
    default: { when_deleted: 'retain', when_scaled: 'retain' },
    description:
      'What the StatefulSet does with volumes when it is deleted (`when_deleted`) or made smaller (`when_scaled`): `retain` or `delete`.',
  }),
  pod_management_policy: key({
    group: 'kubernetes',
    kind: oneOf('ordered_ready', 'parallel'),
    default: 'ordered_ready',
    description: 'Whether pods are created one after the other or all at once.',
  }),
  pod_priority_class_name: words(
    'kubernetes',
    '',
    'Priority class of the pods, unless the manifest has its own.',
  ),
  pod_role_label: words('kubernetes', 'spilo-role', 'Label of a pod with its role, `master` or `replica`.'),
  pod_service_account_name: words(
    'kubernetes',
    'postgres-pod',
    'Service account of the pods, and cluster role that it is bound to.',
  ),
  pod_terminate_grace_period: key({
    group: 'kubernetes',
    kind: duration,
    default: 5 * minutes,
    description: 'How long a pod may take to stop.',
  }),
  secret_name_template: words(
    'kubernetes',
    '{username}.{cluster}.credentials.{tprkind}.{tprgroup}',
    "Name of a role's Secret; `{username}`, `{cluster}`, `{tprkind}` and `{tprgroup}` are replaced.",
  ),
  spilo_allow_privilege_escalation: key({
    group: 'kubernetes',
    kind: boolean,
    default: false,
    description:
      'Whether processes of the database container may gain privileges (cron in Spilo needs it). An existing cluster keeps what it has.',
    differs: { zalando: 'true', why: "pgherd's image needs no privileges." },
  }),
  spilo_fsgroup: id("Group id that owns the volumes' files.", 103),
  spilo_privileged: flag('kubernetes', false, 'Whether the database container is privileged.'),
  spilo_runasgroup: id('Group id that the pods run with.', 103),
  spilo_runasuser: id('User id that the pods run with.', 101),
  toleration: key({
    group: 'kubernetes',
    kind: map,
    default: {},
    description:
      'One toleration of the pods (`key`, `operator`, `value`, `effect`), unless the manifest has its own.',
  }),
  watched_namespace: words(
    'kubernetes',
    '',
    "Namespace whose manifests are acted on; `*` for all, empty for the operator's own. The environment variable WATCHED_NAMESPACE wins.",
  ),
  default_cpu_limit: amount('CPU limit of the database container, unless the manifest has one.'),
  default_cpu_request: amount('CPU request of the database container, unless the manifest has one.'),
  default_memory_limit: amount('Memory limit of the database container, unless the manifest has one.'),
  default_memory_request: amount('Memory request of the database container, unless the manifest has one.'),
  max_cpu_request: amount('Largest CPU request that a database container may have.'),
  max_memory_request: amount('Largest memory request that a database container may have.'),
  min_cpu_limit: amount('Smallest CPU limit that a database container may have.'),
  min_memory_limit: amount('Smallest memory limit that a database container may have.'),
  custom_service_annotations: key({
    group: 'load_balancer',
    kind: map,
    default: {},
    description: 'Annotations of all Services.',
  }),
  enable_master_load_balancer: key({
    group: 'load_balancer',
    kind: boolean,
    default: false,
    description: 'Whether the Service of the primary is a load balancer, unless the manifest says.',
    differs: { zalando: 'true', why: 'Nobody should be reachable from outside without having asked for it.' },
  }),
  enable_replica_load_balancer: flag(
    'load_balancer',
    false,
    'Whether the Service of the replicas is a load balancer, unless the manifest says.',
  ),
  enable_database_access: flag('debug', true, 'Whether the operator connects to PostgreSQL at all.'),
  debug_logging: key({
    group: 'debug',
    kind: boolean,
    default: false,
    notYet: true,
    description: 'Whether the operator logs what it observes as well as what it does.',
    differs: { zalando: 'true', why: 'What matters to a user is also told in events.' },
  }),
  pam_role_name: words('teams_api', 'zalandos', 'Role that all people are members of.'),
  pam_configuration: words(
    'teams_api',
    'https://info.example.com/oauth2/tokeninfo?access_token= uid realm=/employees',
    'How the image checks the tokens of people: URL, field with the name, further conditions.',
  ),
  protected_role_names: key({
    group: 'teams_api',
    kind: list,
    default: ['admin', 'cron_admin'],
    description: 'Roles that no manifest may define.',
  }),
  enable_patroni_failsafe_mode: flag(
    'patroni',
    false,
    'Whether `failsafe_mode` of Patroni is on, unless the manifest says.',
  ),
} as const satisfies Record<string, Key<never> | Key<unknown>>;

type Keys = typeof configurationKeys;

/** Name of a setting. */
export type ConfigurationKey = keyof Keys;

/** The operator's configuration: every setting with its value. Durations are milliseconds. */
export type Configuration = { [K in ConfigurationKey]: Keys[K] extends Key<infer T> ? T : never };
