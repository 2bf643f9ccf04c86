import { list, map, maintenanceWindows } from '../collections.ts';
import { inGroup, minute } from '../key.ts';
import { containers } from '../structures.ts';
import { labelName } from '../words.ts';

const { key, flag, words, count, period } = inGroup('');

/** Settings outside of every group. */
export const generalKeys = {
  docker_image: words(
    'localhost/pgherd/postgres:17',
    'Image of the database container, unless the manifest has its own.',
    {
      nonEmpty: true,
      differs: {
        zalando: 'ghcr.io/zalando/spilo-18:4.1-p2',
        why: "pgherd's own image, built by `make image`.",
      },
    },
  ),
  kubernetes_use_configmaps: flag(
    false,
    'Whether Patroni of a new cluster keeps its state in ConfigMaps instead of Endpoints. The state of an existing cluster moves while it is stopped, when this key is written.',
    {
      differs: {
        zalando: 'true',
        why: "With Endpoints the primary's Service moves in the same write as the leader lock.",
      },
    },
  ),
  crd_categories: key({
    kind: list,
    default: ['all'],
    description:
      'Categories (`kubectl get all`) of the CustomResourceDefinitions that the operator registers.',
  }),
  enable_crd_registration: flag(
    true,
    'Whether the operator brings its CustomResourceDefinitions up to date when it starts. One that watches some namespaces only does so if this is written.',
  ),
  enable_lazy_spilo_upgrade: flag(
    false,
    'Whether a new image waits until pods are replaced for another reason.',
  ),
  enable_maintenance_windows: flag(true, 'Whether maintenance windows are kept to at all.'),
  enable_pgversion_env_var: flag(
    true,
    'Whether the major version reaches the image as `PGVERSION`, or else as `bin_dir` of its configuration.',
  ),
  enable_shm_volume: flag(true, 'Whether `/dev/shm` is a memory volume, unless the manifest says.'),
  enable_spilo_wal_path_compat: flag(
    false,
    'Whether the image also looks for WAL archives at the paths that older images used.',
  ),
  enable_team_id_clustername_prefix: flag(
    false,
    "Whether a cluster's name must begin with its team and a dash.",
  ),
  etcd_host: words(
    '',
    'Host of an etcd that Patroni keeps its state in, instead of Kubernetes; empty for Kubernetes.',
  ),
  ignore_instance_limits_annotation_key: key({
    kind: labelName,
    default: '',
    description:
      'Annotation of a manifest that, with the value `true`, exempts it from `min_instances` and `max_instances`; none if empty.',
  }),
  ignore_resources_limits_annotation_key: key({
    kind: labelName,
    default: '',
    description:
      'Annotation of a manifest that, with the value `true`, exempts it from the smallest limits and largest requests; none if empty.',
  }),
  maintenance_windows: key({
    kind: maintenanceWindows,
    default: [],
    description: 'Maintenance windows of clusters whose manifest has none.',
  }),
  max_instances: count(-1, 'Most members that a cluster may have; -1 means no limit.', { minimum: -1 }),
  min_instances: count(-1, 'Fewest members that a cluster may have; -1 means no limit.', { minimum: -1 }),
  repair_period: period(
    5 * minute,
    'How often clusters that are not as they should be are looked at again, besides being tried again at once; 0 for never.',
  ),
  resync_period: period(
    30 * minute,
    'How often every cluster is looked at although nothing seems to have changed, also inside PostgreSQL; 0 for never.',
  ),
  set_memory_request_to_limit: flag(
    false,
    'Whether memory requests are raised to their limits, so that pods are never evicted for lack of memory.',
  ),
  sidecar_docker_images: key({
    kind: map,
    default: {},
    description: 'Images of containers beside the database container in every pod, by name.',
    deprecated: 'use `sidecars`, which says more about a container than its image.',
  }),
  sidecars: key({
    kind: containers,
    default: [],
    description: 'Containers beside the database container in every pod of every cluster.',
    inResource: {
      zalando: 'the schema wants an object and the operator a list, so nothing is accepted',
      decision: 'A list in both forms; as JSON in the ConfigMap, which could not say it before.',
    },
  }),
  workers: count(8, 'How many clusters are worked on at the same time.', { minimum: 1 }),
};
