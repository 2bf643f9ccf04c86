import { inGroup } from '../key.ts';
import { objectName } from '../words.ts';

const { key, words, flag, count } = inGroup('aws_or_gcp');

/** Settings about clouds and archives. */
export const cloudKeys = {
  additional_secret_mount: key({
    kind: objectName,
    default: '',
    description: 'Secret that all containers of database and backup pods have as files.',
  }),
  additional_secret_mount_path: words('', 'Where `additional_secret_mount` is mounted.'),
  aws_region: words(
    'eu-central-1',
    "Amazon's region that the volumes are in. Where it is not named, the operator's variable `AWS_REGION` counts.",
  ),
  enable_ebs_gp3_migration: flag(
    false,
    "With `storage_resize_mode: mixed`: disks of the type gp2 become gp3, where the manifest names no `volume.type`. Zalando's operator did that up to v1 in every mode, and does not any more.",
  ),
  enable_ebs_gp3_migration_max_size: count(
    1000,
    'Size from which on `enable_ebs_gp3_migration` leaves a disk alone: gp3 has less throughput than a large gp2.',
    { unit: 'GB', minimum: 0 },
  ),
  gcp_credentials: words('', "File with Google's credentials, as the database container sees it."),
  irsa_role_arn: words('', "Amazon's role that the pods' service account stands for."),
  kube_iam_role: words('', "Amazon's role that database and backup pods ask kube2iam for."),
  log_s3_bucket: words('', 'Bucket on S3 that logs of PostgreSQL are copied to.'),
  wal_az_storage_account: words('', "Storage account on Azure of the write-ahead log's archive."),
  wal_gs_bucket: words('', "Bucket on Google's storage for the archive of the write-ahead log."),
  wal_s3_bucket: words('', 'Bucket on S3 for the archive of the write-ahead log.'),
};
