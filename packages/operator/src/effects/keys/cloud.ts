import type { Entry } from '../effect.ts';

/** Clouds: archives and credentials. */
export const cloudKeys: Record<string, Entry> = {
  additional_secret_mount: {
    given: { configuration: { additional_secret_mount_path: '/credentials' } },
    change: { configuration: { additional_secret_mount: 'credentials' } },
    differs: [
      'StatefulSet acid-demo.spec.template.spec.containers[postgres].volumeMounts[credentials]',
      'StatefulSet acid-demo.spec.template.spec.volumes[credentials]',
    ],
  },
  additional_secret_mount_path: {
    given: {
      configuration: {
        additional_secret_mount: 'credentials',
        additional_secret_mount_path: '/other',
      },
    },
    change: { configuration: { additional_secret_mount_path: '/credentials' } },
    differs: [
      'StatefulSet acid-demo.spec.template.spec.containers[postgres].volumeMounts[credentials].mountPath',
    ],
  },
  aws_region: { shownBy: 'test/machine/ec2.test.ts' },
  enable_ebs_gp3_migration: { shownBy: 'packages/operator/src/plan/disks.test.ts' },
  enable_ebs_gp3_migration_max_size: { shownBy: 'packages/operator/src/plan/disks.test.ts' },
  gcp_credentials: {
    change: { configuration: { gcp_credentials: '/credentials/key.json' } },
    differs: [
      'StatefulSet acid-demo.spec.template.spec.containers[postgres].env[GOOGLE_APPLICATION_CREDENTIALS]',
    ],
  },
  irsa_role_arn: {
    change: { configuration: { irsa_role_arn: 'arn:aws:iam::1:role/postgres' } },
    differs: ['ServiceAccount postgres-pod kept.metadata.annotations'],
  },
  kube_iam_role: {
    given: { spec: { enableLogicalBackup: true } },
    change: { configuration: { kube_iam_role: 'postgres' } },
    differs: [
      'CronJob logical-backup-acid-demo.spec.jobTemplate.spec.template.metadata.annotations.iam.amazonaws.com/role',
      'StatefulSet acid-demo.spec.template.metadata.annotations.iam.amazonaws.com/role',
    ],
  },
  log_s3_bucket: {
    change: { configuration: { log_s3_bucket: 'logs' } },
    differs: [
      'StatefulSet acid-demo.spec.template.spec.containers[postgres].env[LOG_BUCKET_SCOPE_PREFIX]',
      'StatefulSet acid-demo.spec.template.spec.containers[postgres].env[LOG_BUCKET_SCOPE_SUFFIX]',
      'StatefulSet acid-demo.spec.template.spec.containers[postgres].env[LOG_S3_BUCKET]',
    ],
  },
  wal_az_storage_account: {
    change: { configuration: { wal_az_storage_account: 'archive' } },
    differs: [
      'StatefulSet acid-demo.spec.template.spec.containers[postgres].env[AZURE_STORAGE_ACCOUNT]',
      'StatefulSet acid-demo.spec.template.spec.containers[postgres].env[WAL_BUCKET_SCOPE_PREFIX]',
      'StatefulSet acid-demo.spec.template.spec.containers[postgres].env[WAL_BUCKET_SCOPE_SUFFIX]',
    ],
  },
  wal_gs_bucket: {
    change: { configuration: { wal_gs_bucket: 'archive' } },
    differs: [
      'StatefulSet acid-demo.spec.template.spec.containers[postgres].env[WAL_BUCKET_SCOPE_PREFIX]',
      'StatefulSet acid-demo.spec.template.spec.containers[postgres].env[WAL_BUCKET_SCOPE_SUFFIX]',
      'StatefulSet acid-demo.spec.template.spec.containers[postgres].env[WAL_GS_BUCKET]',
    ],
  },
  wal_s3_bucket: {
    change: { configuration: { wal_s3_bucket: 'archive' } },
    differs: [
      'StatefulSet acid-demo.spec.template.spec.containers[postgres].env[WAL_BUCKET_SCOPE_PREFIX]',
      'StatefulSet acid-demo.spec.template.spec.containers[postgres].env[WAL_BUCKET_SCOPE_SUFFIX]',
      'StatefulSet acid-demo.spec.template.spec.containers[postgres].env[WAL_S3_BUCKET]',
    ],
  },
};
