import { inGroup, notYet } from '../key.ts';
import { objectName } from '../words.ts';

const { key, words } = inGroup('aws_or_gcp');

/** Settings about clouds and archives. */
export const cloudKeys = {
  additional_secret_mount: key({
    kind: objectName,
    default: '',
    description: 'Secret that all containers of database and backup pods have as files.',
  }),
  additional_secret_mount_path: words('', 'Where `additional_secret_mount` is mounted.'),
  aws_region: words('eu-central-1', "Amazon's region that the volumes are in.", notYet),
  gcp_credentials: words('', "File with Google's credentials, as the database container sees it."),
  irsa_role_arn: words('', "Amazon's role that the pods' service account stands for."),
  kube_iam_role: words('', "Amazon's role that database and backup pods ask kube2iam for."),
  log_s3_bucket: words('', 'Bucket on S3 that logs of PostgreSQL are copied to.'),
  wal_az_storage_account: words('', "Storage account on Azure of the write-ahead log's archive."),
  wal_gs_bucket: words('', "Bucket on Google's storage for the archive of the write-ahead log."),
  wal_s3_bucket: words('', 'Bucket on S3 for the archive of the write-ahead log.'),
};
