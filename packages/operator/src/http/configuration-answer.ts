import { configurationKeys, type Configuration, type Key } from '@pgherd/api';
import { notShown } from '../redact.ts';

/** What the process runs with, besides the configuration. */
export interface ProcessFacts {
  /** Namespace of the operator itself. */
  namespace: string;
  /** `namespace/name` of the ConfigMap; '' without one. */
  configMapName: string;
}

/** Zalando's names are those of Go's fields; most follow from the key, these do not. */
const irregular: Record<string, string> = {
  additional_pod_capabilities: 'AdditionalPodCapabilities',
  connection_pooler_image: 'Image',
  connection_pooler_max_db_connections: 'MaxDBConnections',
  connection_pooler_mode: 'Mode',
  connection_pooler_number_of_instances: 'NumberOfInstances',
  connection_pooler_schema: 'Schema',
  connection_pooler_user: 'User',
  enable_database_access: 'EnableDBAccess',
  enable_shm_volume: 'ShmVolume',
  gcp_credentials: 'GCPCredentials',
  infrastructure_roles_secrets: 'InfrastructureRoles',
  kube_iam_role: 'KubeIAMRole',
  kubernetes_use_configmaps: 'KubernetesUseConfigMaps',
  oauth_token_secret_name: 'OAuthTokenSecretName',
  pdb_name_format: 'PDBNameFormat',
  pod_antiaffinity_topology_key: 'PodAntiAffinityTopologyKey',
  enable_pod_antiaffinity: 'EnablePodAntiAffinity',
  pod_antiaffinity_preferred_during_scheduling: 'PodAntiAffinityPreferredDuringScheduling',
  pod_environment_configmap: 'PodEnvironmentConfigMap',
  protected_role_names: 'ProtectedRoles',
  share_pgsocket_with_sidecars: 'SharePgSocketWithSidecars',
  sidecar_docker_images: 'SidecarImages',
  sidecars: 'SidecarContainers',
  spilo_fsgroup: 'SpiloFSGroup',
  spilo_runasgroup: 'SpiloRunAsGroup',
  spilo_runasuser: 'SpiloRunAsUser',
  team_api_role_configuration: 'TeamAPIRoleConfiguration',
  toleration: 'PodToleration',
  wal_az_storage_account: 'WALAZStorageAccount',
  wal_gs_bucket: 'WALGSBucket',
  wal_s3_bucket: 'WALES3Bucket',
};

/** Words that Go writes in capitals; `Url` is not among Zalando's. */
const capitals = new Set(['api', 'aws', 'cpu', 'crd', 'db', 'dns', 'id', 'irsa', 'pdb', 's3', 'sse', 'arn']);

/** Name of Go's field for a key, e.g. `default_cpu_limit` → `DefaultCPULimit`. */
export function goName(key: string): string {
  const regular = key
    .split('_')
    .map((word) => (capitals.has(word) ? word.toUpperCase() : word.charAt(0).toUpperCase() + word.slice(1)));
  return irregular[key] ?? regular.join('');
}

/** A value as Go writes it: durations in nanoseconds, names of objects as text, nothing as null. */
function goValue(key: Key<unknown>, value: unknown): unknown {
  if (key.secret === true && value !== '' && value !== undefined) return notShown;
  if (value === undefined) return null;
  if (key.kind.name === 'duration' && typeof value === 'number') return value * 1e6;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  if (key.kind.name !== '[namespace/]name') return value;
  const { namespace = '', name = '' } = value as { namespace?: string; name?: string };
  return namespace === '' ? name : `${namespace}/${name}`;
}

/** `/config/`: Zalando's shape, without any credential in it. */
export function configurationAnswer(configuration: Configuration, facts: ProcessFacts): unknown {
  const operator = Object.entries(configurationKeys).map(([name, key]) => [
    goName(name),
    goValue(key as Key<unknown>, configuration[name as keyof Configuration]),
  ]);
  return {
    controller: {
      // Theirs has roles with their passwords here.
      InfrastructureRoles: {},
      NoDatabaseAccess: !configuration.enable_database_access,
      NoTeamsAPI: !configuration.enable_teams_api,
      CRDReadyWaitInterval: configuration.ready_wait_interval * 1e6,
      CRDReadyWaitTimeout: configuration.ready_wait_timeout * 1e6,
      ConfigMapName: facts.configMapName,
      Namespace: facts.namespace,
      IgnoredAnnotations: configuration.ignored_annotations,
      EnableJsonLogging: true,
      // Requests are few, and not held back.
      KubeQPS: 0,
      KubeBurst: 0,
    },
    operator: Object.fromEntries(operator) as Record<string, unknown>,
  };
}
