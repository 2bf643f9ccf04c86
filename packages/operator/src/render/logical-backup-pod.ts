import type { Affinity, EnvVar, PodSpec } from '@pgherd/kube/objects';
import type { Labels } from '../labels.ts';
import { secretName } from '../names.ts';
import { nodeAffinity } from './affinity.ts';
import { scopeSuffix } from './archive-environment.ts';
import { containerPorts, containerSecurity } from './containers.ts';
import { identityOf, type RenderInput } from './input.ts';
import { podSecurityContext } from './pod-template.ts';
import { containerResources, defaultResources, type WantedResources } from './resources.ts';
import { tolerationsOf } from './tolerations.ts';
import { topologySpreadOf } from './topology-spread.ts';
import { fromField, fromSecret, ifSet, isSet } from './variables.ts';
import { secretMount, volumesOf } from './volumes.ts';

/** Pod of the job that dumps all databases. */
export function logicalBackupPod(input: RenderInput, labels: Labels): PodSpec {
  const { configuration } = input;
  const spread = topologySpreadOf(input);
  const volumes = secretMount(configuration);
  return {
    serviceAccountName: configuration.pod_service_account_name,
    terminationGracePeriodSeconds: Math.round(configuration.pod_terminate_grace_period / 1000),
    securityContext: podSecurityContext(input),
    restartPolicy: 'Never',
    tolerations: tolerationsOf(input),
    affinity: affinityOf(input, labels),
    ...(spread === undefined ? {} : { topologySpreadConstraints: spread }),
    containers: [
      {
        name: 'logical-backup',
        image: configuration.logical_backup_docker_image,
        imagePullPolicy: 'IfNotPresent',
        ports: containerPorts,
        env: environment(input),
        resources: containerResources(configuration, undefined, resourceDefaults(input)),
        volumeMounts: volumes.map(({ mount }) => mount),
        securityContext: containerSecurity(configuration),
      },
    ],
    volumes: volumesOf(volumes),
  };
}

/** Near other backups rather than anywhere, as Zalando's are; on nodes that are fit for database pods. */
function affinityOf({ configuration }: RenderInput, labels: Labels): Affinity {
  const node = nodeAffinity(configuration, undefined);
  const podAffinityTerm = {
    labelSelector: { matchLabels: labels },
    topologyKey: 'kubernetes.io/hostname',
  };
  return {
    ...(node === undefined ? {} : { nodeAffinity: node }),
    podAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, podAffinityTerm }] },
  };
}

function resourceDefaults({ configuration }: RenderInput): WantedResources {
  const defaults = defaultResources(configuration);
  const choose = (own: string | undefined, other: string | undefined) => (isSet(own) ? own : other);
  return {
    requests: {
      cpu: choose(configuration.logical_backup_cpu_request, defaults.requests?.['cpu']),
      memory: choose(configuration.logical_backup_memory_request, defaults.requests?.['memory']),
    },
    limits: {
      cpu: choose(configuration.logical_backup_cpu_limit, defaults.limits?.['cpu']),
      memory: choose(configuration.logical_backup_memory_limit, defaults.limits?.['memory']),
    },
  };
}

/** What the Secret for all backups says wins over what the operator would say. */
function environment(input: RenderInput): EnvVar[] {
  const { configuration, remembered } = input;
  const secret = configuration.logical_backup_cronjob_environment_secret;
  const keys = remembered.backupEnvironment?.secretKeys ?? [];
  return [
    ...ownEnvironment(input).filter(({ name }) => !keys.includes(name)),
    ...[...keys].sort().map((key) => fromSecret(key, secret, key)),
  ];
}

/** In Zalando's order. */
function ownEnvironment(input: RenderInput): EnvVar[] {
  const { manifest, configuration } = input;
  const { name } = identityOf(manifest);
  const superuser = configuration.super_username;
  return [
    { name: 'SCOPE', value: name },
    { name: 'CLUSTER_NAME_LABEL', value: configuration.cluster_name_label },
    fromField('POD_NAMESPACE', 'metadata.namespace'),
    { name: 'PG_VERSION', value: manifest.spec.postgresql.version },
    { name: 'PGPORT', value: '5432' },
    { name: 'PGUSER', value: superuser },
    { name: 'PGDATABASE', value: superuser },
    { name: 'PGSSLMODE', value: 'require' },
    fromSecret('PGPASSWORD', secretName(configuration, name, superuser), 'password'),
    { name: 'LOGICAL_BACKUP_PROVIDER', value: configuration.logical_backup_provider },
    { name: 'LOGICAL_BACKUP_S3_BUCKET', value: configuration.logical_backup_s3_bucket },
    { name: 'LOGICAL_BACKUP_S3_BUCKET_PREFIX', value: configuration.logical_backup_s3_bucket_prefix },
    { name: 'LOGICAL_BACKUP_S3_BUCKET_SCOPE_SUFFIX', value: scopeSuffix(manifest.metadata.uid) },
    ...storage(input),
  ];
}

function storage({ manifest, configuration }: RenderInput): EnvVar[] {
  const { logicalBackupRetention: retention } = manifest.spec;
  switch (configuration.logical_backup_provider) {
    case 'gcs':
      return ifSet(
        'LOGICAL_BACKUP_GOOGLE_APPLICATION_CREDENTIALS',
        configuration.logical_backup_google_application_credentials,
      );
    case 'az':
      return [
        {
          name: 'LOGICAL_BACKUP_AZURE_STORAGE_ACCOUNT_NAME',
          value: configuration.logical_backup_azure_storage_account_name,
        },
        {
          name: 'LOGICAL_BACKUP_AZURE_STORAGE_CONTAINER',
          value: configuration.logical_backup_azure_storage_container,
        },
        ...ifSet(
          'LOGICAL_BACKUP_AZURE_STORAGE_ACCOUNT_KEY',
          configuration.logical_backup_azure_storage_account_key,
        ),
      ];
    default: // s3
      return [
        { name: 'LOGICAL_BACKUP_S3_REGION', value: configuration.logical_backup_s3_region },
        { name: 'LOGICAL_BACKUP_S3_ENDPOINT', value: configuration.logical_backup_s3_endpoint },
        { name: 'LOGICAL_BACKUP_S3_SSE', value: configuration.logical_backup_s3_sse },
        {
          name: 'LOGICAL_BACKUP_S3_RETENTION_TIME',
          value: isSet(retention) ? retention : configuration.logical_backup_s3_retention_time,
        },
        ...ifSet('AWS_ACCESS_KEY_ID', configuration.logical_backup_s3_access_key_id),
        ...ifSet('AWS_SECRET_ACCESS_KEY', configuration.logical_backup_s3_secret_access_key),
      ];
  }
}
