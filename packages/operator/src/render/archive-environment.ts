import type { EnvVar } from '@pgherd/kube/objects';
import type { RenderInput } from './input.ts';
import { ifSet, isSet } from './variables.ts';

/** Where the write-ahead log and the server's log are archived. What the image does with it is the image's business. */
export function archiveEnvironment({ configuration, manifest }: RenderInput): EnvVar[] {
  const suffix = scopeSuffix(manifest.metadata.uid);
  const wal = (name: string, value: string): EnvVar[] =>
    isSet(value) ? [{ name, value }, ...scope('WAL', suffix)] : [];
  return [
    ...wal('WAL_S3_BUCKET', configuration.wal_s3_bucket),
    ...wal('WAL_GS_BUCKET', configuration.wal_gs_bucket),
    ...wal('AZURE_STORAGE_ACCOUNT', configuration.wal_az_storage_account),
    ...ifSet('GOOGLE_APPLICATION_CREDENTIALS', configuration.gcp_credentials),
    ...(isSet(configuration.log_s3_bucket)
      ? [{ name: 'LOG_S3_BUCKET', value: configuration.log_s3_bucket }, ...scope('LOG', suffix)]
      : []),
  ];
}

function scope(prefix: string, suffix: string): EnvVar[] {
  return [
    { name: `${prefix}_BUCKET_SCOPE_SUFFIX`, value: suffix },
    { name: `${prefix}_BUCKET_SCOPE_PREFIX`, value: '' },
  ];
}

/** A cluster that is deleted and made again under its name archives elsewhere. */
export function scopeSuffix(uid: string | undefined): string {
  return isSet(uid) ? `/${uid}` : '';
}
