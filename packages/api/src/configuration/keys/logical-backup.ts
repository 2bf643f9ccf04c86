import { inGroup } from '../key.ts';
import { objectName, oneOf, schedule } from '../words.ts';

const { key, words, count, cpu, memory } = inGroup('logical_backup');
const credential = { secret: true } as const;

export const logicalBackupKeys = {
  logical_backup_azure_storage_account_key: words('', 'Key of the storage account on Azure.', credential),
  logical_backup_azure_storage_account_name: words('', 'Storage account on Azure that dumps go to.'),
  logical_backup_azure_storage_container: words('', 'Container on Azure that dumps go to.'),
  logical_backup_cpu_limit: cpu("CPU limit of the job; without one, the database container's default."),
  logical_backup_cpu_request: cpu("CPU request of the job; without one, the database container's default."),
  logical_backup_cronjob_environment_secret: key({
    kind: objectName,
    default: '',
    description: 'Secret whose entries become environment variables of the job.',
  }),
  logical_backup_docker_image: words(
    'ghcr.io/zalando/postgres-operator/logical-backup:v2.0.1',
    'Image of the job.',
    { nonEmpty: true },
  ),
  logical_backup_failed_jobs_history_limit: count(3, 'How many failed jobs are kept.', {
    minimum: 0,
  }),
  logical_backup_google_application_credentials: words(
    '',
    "File with Google's credentials, as the job sees it.",
  ),
  logical_backup_job_prefix: words('logical-backup-', "What the CronJob's name begins with."),
  logical_backup_memory_limit: memory(
    "Memory limit of the job; without one, the database container's default.",
  ),
  logical_backup_memory_request: memory(
    "Memory request of the job; without one, the database container's default.",
  ),
  logical_backup_provider: key({
    kind: oneOf('s3', 'gcs', 'az'),
    default: 's3',
    description: 'Where dumps go: S3, Google Cloud Storage or Azure.',
  }),
  logical_backup_s3_access_key_id: words('', 'Access key of S3.', credential),
  logical_backup_s3_bucket: words('', 'Bucket that dumps go to.'),
  logical_backup_s3_bucket_prefix: words('spilo', 'First part of the path in the bucket.'),
  logical_backup_s3_endpoint: words('', "URL of S3 where it is not Amazon's."),
  logical_backup_s3_region: words('', 'Region of the bucket.'),
  logical_backup_s3_retention_time: words('', 'How long dumps are kept, e.g. `2 week`; for ever if empty.'),
  logical_backup_s3_secret_access_key: words('', 'Secret key of S3.', credential),
  logical_backup_s3_sse: words('', 'How S3 encrypts dumps, e.g. `AES256`.'),
  logical_backup_schedule: key({
    kind: schedule,
    default: '30 00 * * *',
    description: "When the job runs, in cron's notation.",
    nonEmpty: true,
  }),
  logical_backup_successful_jobs_history_limit: count(3, 'How many successful jobs are kept.', {
    minimum: 0,
  }),
  logical_backup_ttl_seconds_after_finished: count(86_400, 'How long a finished job is kept.', {
    unit: 'seconds',
    minimum: 0,
  }),
};
