import type { Configuration } from '@pgherd/api';

/** Finalizer on every cluster that pgherd made; Zalando's name, because people script against it. */
export const finalizer = 'postgres-operator.acid.zalan.do';

/** Field manager of all that pgherd writes. */
export const fieldManager = 'pgherd';

/** On the manifest's object: the keys of Patroni's dynamic configuration that the manifest set, as JSON list. */
export const appliedAnnotation = 'pgherd.dev/applied';

/**
 * On the manifest's object: until when (RFC 3339) work that disturbs does not wait for a maintenance window, because
 * somebody wants it done now.
 */
export const maintenanceAnnotation = 'pgherd.dev/maintenance-until';

/** On a pod: when and how often its data was thrown away because it did not follow, as JSON. */
export const rebuiltAnnotation = 'pgherd.dev/rebuilt';

/** On a pooler's list of users and on the template of its pods: which list these were started with. */
export const poolerUserListAnnotation = 'pgherd.dev/user-list';

/**
 * Label of a Secret that is in another namespace than its cluster: the cluster's namespace. Two clusters of one name may
 * have Secrets there.
 */
export const clusterNamespaceLabel = 'pgherd.dev/cluster-namespace';

/** On a pod that must be replaced because it logs in with a former password: of which role. */
export const formerPasswordAnnotation = 'pgherd.dev/former-password';

/** On a Secret that named users of rotations: their roles are looked after, and dropped when they are old. */
export const rotatedUsersAnnotation = 'pgherd.dev/rotated-users';

/** Service of the primary. */
export function primaryServiceName(cluster: string): string {
  return cluster;
}

/** Service of the replicas. */
export function replicaServiceName(cluster: string): string {
  return `${cluster}-repl`;
}

/** Spilo's words for what a Service leads to. */
export type ServiceRole = 'master' | 'replica';

/** Deployment and Service of a pooler. */
export function poolerName(cluster: string, role: ServiceRole): string {
  return role === 'master' ? `${cluster}-pooler` : `${cluster}-pooler-repl`;
}

/** Secret with the file of users of a pooler. */
export function poolerSecretName(pooler: string): string {
  return `${pooler}-u`;
}

/** Secret with password and certificates of Patroni's REST API. */
export function patroniApiSecretName(cluster: string): string {
  return `${cluster}-patroni-api`;
}

/** Volume of a pod whose Patroni has a protected REST API. */
export const patroniApiVolume = 'patroni-api';

/** Longest name of a CronJob: its Jobs get eleven characters more. */
const cronJobNameLength = 52;

/** CronJob of the logical backup, cut to what Kubernetes allows. */
export function logicalBackupName(configuration: Configuration, cluster: string): string {
  return `${configuration.logical_backup_job_prefix}${cluster}`
    .slice(0, cronJobNameLength)
    .replace(/-+$/, '');
}

/** Name of the disruption budget that protects the primary, from `pdb_name_format`. */
export function primaryBudgetName(configuration: Configuration, cluster: string): string {
  return configuration.pdb_name_format.replaceAll('{cluster}', cluster);
}

/** Name of the disruption budget that protects pods during critical operations; not configurable. */
export function criticalBudgetName(cluster: string): string {
  return `postgres-${cluster}-critical-op-pdb`;
}

/** Secret of a role, from `secret_name_template`; underscores of the role become dashes. */
export function secretName(configuration: Configuration, cluster: string, role: string): string {
  return configuration.secret_name_template
    .replaceAll('{username}', role.replaceAll('_', '-'))
    .replaceAll('{cluster}', cluster)
    .replaceAll('{tprkind}', 'postgresql')
    .replaceAll('{tprgroup}', 'acid.zalan.do');
}

/** Headless Service that Patroni makes so that its configuration Endpoints are kept. */
export function patroniConfigServiceName(cluster: string): string {
  return `${cluster}-config`;
}

/** Claim of the member with this ordinal. */
export function claimName(cluster: string, ordinal: number): string {
  return `pgdata-${cluster}-${ordinal}`;
}

/** Ordinal of a StatefulSet's pod or claim; undefined when the name is not of this cluster. */
export function ordinalOf(cluster: string, podName: string): number | undefined {
  const rest = podName.startsWith(`${cluster}-`) ? podName.slice(cluster.length + 1) : '';
  return /^(0|[1-9]\d*)$/.test(rest) ? Number(rest) : undefined;
}

/** Annotation of a manifest that names the operator that looks after it, by its environment's `CONTROLLER_ID`. */
export const controllerAnnotation = 'acid.zalan.do/controller';

/** Annotation of pods with what their members have in a configuration of their own, as JSON. */
export const localAnnotation = 'pgherd.dev/postgresql';

/** Volume that shows it to the container `postgres` as a file. */
export const localVolume = 'pgherd-postgresql';
