import { kinds } from '../../kinds.ts';
import type { Entry, Written } from '../effect.ts';

const backup = { spec: { enableLogicalBackup: true } } satisfies Written;

const azure = { ...backup, configuration: { logical_backup_provider: 'az' } } satisfies Written;

/** Dumps on a schedule. */
export const logicalBackupKeys: Record<string, Entry> = {
  logical_backup_azure_storage_account_key: {
    given: azure,
    change: { configuration: { logical_backup_azure_storage_account_key: 'key' } },
    differs: [
      'CronJob logical-backup-acid-demo.spec.jobTemplate.spec.template.spec.containers[logical-backup].env[LOGICAL_BACKUP_AZURE_STORAGE_ACCOUNT_KEY]',
    ],
  },
  logical_backup_azure_storage_account_name: {
    given: azure,
    change: { configuration: { logical_backup_azure_storage_account_name: 'account' } },
    differs: [
      'CronJob logical-backup-acid-demo.spec.jobTemplate.spec.template.spec.containers[logical-backup].env[LOGICAL_BACKUP_AZURE_STORAGE_ACCOUNT_NAME].value',
    ],
  },
  logical_backup_azure_storage_container: {
    given: azure,
    change: { configuration: { logical_backup_azure_storage_container: 'dumps' } },
    differs: [
      'CronJob logical-backup-acid-demo.spec.jobTemplate.spec.template.spec.containers[logical-backup].env[LOGICAL_BACKUP_AZURE_STORAGE_CONTAINER].value',
    ],
  },
  logical_backup_cpu_limit: {
    given: backup,
    change: { configuration: { logical_backup_cpu_limit: '1' } },
    differs: [
      'CronJob logical-backup-acid-demo.spec.jobTemplate.spec.template.spec.containers[logical-backup].resources.limits',
    ],
  },
  logical_backup_cpu_request: {
    given: backup,
    change: { configuration: { logical_backup_cpu_request: '100m' } },
    differs: [
      'CronJob logical-backup-acid-demo.spec.jobTemplate.spec.template.spec.containers[logical-backup].resources.requests',
    ],
  },
  logical_backup_cronjob_environment_secret: {
    given: {
      ...backup,
      objects: [
        {
          kind: kinds.secret,
          object: { metadata: { name: 'more', namespace: 'default' }, data: { FOO: 'YmFy' } },
        },
      ],
    },
    change: { configuration: { logical_backup_cronjob_environment_secret: 'more' } },
    differs: [
      'CronJob logical-backup-acid-demo.spec.jobTemplate.spec.template.spec.containers[logical-backup].env[FOO]',
    ],
  },
  logical_backup_docker_image: {
    given: backup,
    change: { configuration: { logical_backup_docker_image: 'registry.example/backup:1' } },
    differs: [
      'CronJob logical-backup-acid-demo.spec.jobTemplate.spec.template.spec.containers[logical-backup].image',
    ],
  },
  logical_backup_failed_jobs_history_limit: {
    given: backup,
    change: { configuration: { logical_backup_failed_jobs_history_limit: '1' } },
    differs: ['CronJob logical-backup-acid-demo.spec.failedJobsHistoryLimit'],
  },
  logical_backup_google_application_credentials: {
    given: { ...backup, configuration: { logical_backup_provider: 'gcs' } },
    change: { configuration: { logical_backup_google_application_credentials: '/credentials/key.json' } },
    differs: [
      'CronJob logical-backup-acid-demo.spec.jobTemplate.spec.template.spec.containers[logical-backup].env[LOGICAL_BACKUP_GOOGLE_APPLICATION_CREDENTIALS]',
    ],
  },
  logical_backup_job_prefix: {
    given: backup,
    change: { configuration: { logical_backup_job_prefix: 'dump-' } },
    differs: [
      'CronJob dump-acid-demo',
      'CronJob logical-backup-acid-demo',
      'deletion delete cronjob dump-acid-demo',
      'deletion delete cronjob logical-backup-acid-demo',
    ],
  },
  logical_backup_memory_limit: {
    given: backup,
    change: { configuration: { logical_backup_memory_limit: '1Gi' } },
    differs: [
      'CronJob logical-backup-acid-demo.spec.jobTemplate.spec.template.spec.containers[logical-backup].resources.limits',
    ],
  },
  logical_backup_memory_request: {
    given: backup,
    change: { configuration: { logical_backup_memory_request: '100Mi' } },
    differs: [
      'CronJob logical-backup-acid-demo.spec.jobTemplate.spec.template.spec.containers[logical-backup].resources.requests',
    ],
  },
  logical_backup_provider: {
    given: backup,
    change: { configuration: { logical_backup_provider: 'gcs' } },
    differs: [
      'CronJob logical-backup-acid-demo.spec.jobTemplate.spec.template.spec.containers[logical-backup].env[LOGICAL_BACKUP_PROVIDER].value',
      'CronJob logical-backup-acid-demo.spec.jobTemplate.spec.template.spec.containers[logical-backup].env[LOGICAL_BACKUP_S3_ENDPOINT]',
      'CronJob logical-backup-acid-demo.spec.jobTemplate.spec.template.spec.containers[logical-backup].env[LOGICAL_BACKUP_S3_REGION]',
      'CronJob logical-backup-acid-demo.spec.jobTemplate.spec.template.spec.containers[logical-backup].env[LOGICAL_BACKUP_S3_RETENTION_TIME]',
      'CronJob logical-backup-acid-demo.spec.jobTemplate.spec.template.spec.containers[logical-backup].env[LOGICAL_BACKUP_S3_SSE]',
    ],
  },
  logical_backup_s3_access_key_id: {
    given: backup,
    change: { configuration: { logical_backup_s3_access_key_id: 'id' } },
    differs: [
      'CronJob logical-backup-acid-demo.spec.jobTemplate.spec.template.spec.containers[logical-backup].env[AWS_ACCESS_KEY_ID]',
    ],
  },
  logical_backup_s3_bucket: {
    given: backup,
    change: { configuration: { logical_backup_s3_bucket: 'dumps' } },
    differs: [
      'CronJob logical-backup-acid-demo.spec.jobTemplate.spec.template.spec.containers[logical-backup].env[LOGICAL_BACKUP_S3_BUCKET].value',
    ],
  },
  logical_backup_s3_bucket_prefix: {
    given: backup,
    change: { configuration: { logical_backup_s3_bucket_prefix: 'prefix' } },
    differs: [
      'CronJob logical-backup-acid-demo.spec.jobTemplate.spec.template.spec.containers[logical-backup].env[LOGICAL_BACKUP_S3_BUCKET_PREFIX].value',
    ],
  },
  logical_backup_s3_endpoint: {
    given: backup,
    change: { configuration: { logical_backup_s3_endpoint: 'https://s3.example.org' } },
    differs: [
      'CronJob logical-backup-acid-demo.spec.jobTemplate.spec.template.spec.containers[logical-backup].env[LOGICAL_BACKUP_S3_ENDPOINT].value',
    ],
  },
  logical_backup_s3_region: {
    given: backup,
    change: { configuration: { logical_backup_s3_region: 'eu-west-1' } },
    differs: [
      'CronJob logical-backup-acid-demo.spec.jobTemplate.spec.template.spec.containers[logical-backup].env[LOGICAL_BACKUP_S3_REGION].value',
    ],
  },
  logical_backup_s3_retention_time: {
    given: backup,
    change: { configuration: { logical_backup_s3_retention_time: '2 weeks' } },
    differs: [
      'CronJob logical-backup-acid-demo.spec.jobTemplate.spec.template.spec.containers[logical-backup].env[LOGICAL_BACKUP_S3_RETENTION_TIME].value',
    ],
  },
  logical_backup_s3_secret_access_key: {
    given: backup,
    change: { configuration: { logical_backup_s3_secret_access_key: 'key' } },
    differs: [
      'CronJob logical-backup-acid-demo.spec.jobTemplate.spec.template.spec.containers[logical-backup].env[AWS_SECRET_ACCESS_KEY]',
    ],
  },
  logical_backup_s3_sse: {
    given: backup,
    change: { configuration: { logical_backup_s3_sse: 'AES256' } },
    differs: [
      'CronJob logical-backup-acid-demo.spec.jobTemplate.spec.template.spec.containers[logical-backup].env[LOGICAL_BACKUP_S3_SSE].value',
    ],
  },
  logical_backup_schedule: {
    given: backup,
    change: { configuration: { logical_backup_schedule: '0 3 * * *' } },
    differs: ['CronJob logical-backup-acid-demo.spec.schedule'],
  },
  logical_backup_successful_jobs_history_limit: {
    given: backup,
    change: { configuration: { logical_backup_successful_jobs_history_limit: '1' } },
    differs: ['CronJob logical-backup-acid-demo.spec.successfulJobsHistoryLimit'],
  },
  logical_backup_ttl_seconds_after_finished: {
    given: backup,
    change: { configuration: { logical_backup_ttl_seconds_after_finished: '60' } },
    differs: ['CronJob logical-backup-acid-demo.spec.jobTemplate.spec.ttlSecondsAfterFinished'],
  },
};
