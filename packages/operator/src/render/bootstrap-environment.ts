import type { Configuration, Postgresql } from '@pgherd/api';
import type { EnvVar } from '@pgherd/kube/objects';
import { secretName } from '../names.ts';
import { scopeSuffix } from './archive-environment.ts';
import type { RenderInput } from './input.ts';
import { fromSecret, ifSet, isSet } from './variables.ts';

type Clone = NonNullable<Postgresql['spec']['clone']>;

/** File with which pods prove to Amazon who they are, where `irsa_role_arn` is used. */
const webIdentityToken = '/var/run/secrets/eks.amazonaws.com/serviceaccount/token';

/** `spec.clone`: with a timestamp from the archive of the write-ahead log, without one from the running cluster. */
export function cloneEnvironment({ configuration, manifest }: RenderInput): EnvVar[] {
  const { clone } = manifest.spec;
  if (clone === undefined || !isSet(clone.cluster)) return [];
  return [
    { name: 'CLONE_SCOPE', value: clone.cluster },
    ...(isSet(clone.timestamp)
      ? fromArchive(configuration, clone, clone.timestamp)
      : fromCluster(configuration, clone)),
    ...webIdentity('CLONE', configuration),
  ];
}

function fromCluster(configuration: Configuration, { cluster }: Clone): EnvVar[] {
  const user = configuration.replication_username;
  return [
    { name: 'CLONE_METHOD', value: 'CLONE_WITH_BASEBACKUP' },
    { name: 'CLONE_HOST', value: cluster },
    { name: 'CLONE_PORT', value: '5432' },
    { name: 'CLONE_USER', value: user },
    fromSecret('CLONE_PASSWORD', secretName(configuration, cluster, user), 'password'),
  ];
}

function fromArchive(configuration: Configuration, clone: Clone, timestamp: string): EnvVar[] {
  const { s3_endpoint: endpoint, s3_force_path_style: pathStyle } = clone;
  return [
    ...(isSet(clone.s3_wal_path)
      ? [{ name: 'CLONE_WALE_S3_PREFIX', value: clone.s3_wal_path }]
      : ownArchive(configuration, clone)),
    { name: 'CLONE_METHOD', value: 'CLONE_WITH_WALE' },
    { name: 'CLONE_TARGET_TIME', value: timestamp },
    { name: 'CLONE_WAL_BUCKET_SCOPE_PREFIX', value: '' },
    ...ifSet('CLONE_AWS_ENDPOINT', endpoint),
    ...ifSet('CLONE_WALE_S3_ENDPOINT', endpoint),
    ...ifSet('CLONE_AWS_ACCESS_KEY_ID', clone.s3_access_key_id),
    ...ifSet('CLONE_AWS_SECRET_ACCESS_KEY', clone.s3_secret_access_key),
    ...(pathStyle === undefined
      ? []
      : [{ name: 'CLONE_AWS_S3_FORCE_PATH_STYLE', value: pathStyle ? '1' : '0' }]),
  ];
}

/** The archive that this operator's clusters write to, at the place of the source. */
function ownArchive(configuration: Configuration, clone: Clone): EnvVar[] {
  const {
    wal_s3_bucket: s3,
    wal_gs_bucket: gs,
    wal_az_storage_account: azure,
    gcp_credentials,
  } = configuration;
  const archive = isSet(s3)
    ? [{ name: 'CLONE_WAL_S3_BUCKET', value: s3 }]
    : isSet(gs)
      ? [
          { name: 'CLONE_WAL_GS_BUCKET', value: gs },
          ...ifSet('CLONE_GOOGLE_APPLICATION_CREDENTIALS', gcp_credentials),
        ]
      : ifSet('CLONE_AZURE_STORAGE_ACCOUNT', azure);
  // Also without one: the bucket may come from a variable of all pods.
  return [...archive, { name: 'CLONE_WAL_BUCKET_SCOPE_SUFFIX', value: scopeSuffix(clone.uid) }];
}

/** `spec.standby`: which server to stream from, which archive to read, or both. */
export function standbyEnvironment({ configuration, manifest }: RenderInput): EnvVar[] {
  const { standby } = manifest.spec;
  if (standby === undefined) return [];
  const host = isSet(standby.standby_host)
    ? [
        { name: 'STANDBY_HOST', value: standby.standby_host },
        ...ifSet('STANDBY_PORT', standby.standby_port),
        ...ifSet('STANDBY_PRIMARY_SLOT_NAME', standby.standby_primary_slot_name),
      ]
    : [];
  const archive = isSet(standby.s3_wal_path)
    ? [{ name: 'STANDBY_WALE_S3_PREFIX', value: standby.s3_wal_path }]
    : ifSet('STANDBY_WALE_GS_PREFIX', standby.gs_wal_path);
  const method =
    archive.length > 0
      ? [
          { name: 'STANDBY_METHOD', value: 'STANDBY_WITH_WALE' },
          { name: 'STANDBY_WAL_BUCKET_SCOPE_PREFIX', value: '' },
        ]
      : [];
  return [...host, ...archive, ...method, ...webIdentity('STANDBY', configuration)];
}

function webIdentity(prefix: 'CLONE' | 'STANDBY', { irsa_role_arn: role }: Configuration): EnvVar[] {
  if (!isSet(role)) return [];
  return [
    { name: `${prefix}_AWS_ROLE_ARN`, value: role },
    { name: `${prefix}_AWS_WEB_IDENTITY_TOKEN_FILE`, value: webIdentityToken },
  ];
}
