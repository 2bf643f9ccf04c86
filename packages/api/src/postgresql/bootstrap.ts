import { boolean, object, required, string } from '../schema/node.ts';
import { timestampPattern } from './patterns.ts';

/** `spec.clone` */
export const cloneSection = object(
  'Where a new cluster gets its data from: another running cluster, or an archive of base backups and WAL.',
  {
    cluster: required(string('Name of the cluster to copy from; empty for none.')),
    uid: string("UID of the source cluster's manifest object; part of the path of its WAL archive.", {
      format: 'uuid',
    }),
    timestamp: string(
      "Point in time to recover to, in RFC 3339 with a numeric offset. With it the copy comes from the WAL archive, which pgherd's own image cannot read yet; without it from the running cluster.",
      { pattern: timestampPattern },
    ),
    s3_wal_path: string(
      'Complete S3 path of the WAL archive, instead of the one made of bucket, name and UID.',
    ),
    s3_endpoint: string('URL of an S3-compatible service.'),
    s3_access_key_id: string('S3 access key. It stands in clear text in the manifest and in the pods.'),
    s3_secret_access_key: string('S3 secret key. It stands in clear text in the manifest and in the pods.'),
    s3_force_path_style: boolean('Whether the bucket is part of the path instead of the host name.'),
  },
);

/** `spec.standby` */
export const standbySection = object(
  "Runs the cluster as a standby cluster: read-only, fed by a remote primary or by a WAL archive (which pgherd's own image cannot read yet). Taking the section away promotes it.",
  {
    s3_wal_path: string('S3 path of the WAL archive to follow.'),
    gs_wal_path: string('Google Cloud Storage path of the WAL archive to follow.'),
    standby_host: string('Host name or address of the remote primary to stream from.'),
    standby_port: string('Port of the remote primary.'),
    standby_primary_slot_name: string('Replication slot on the remote primary to stream through.'),
  },
  {
    anyOf: [{ required: ['s3_wal_path'] }, { required: ['gs_wal_path'] }, { required: ['standby_host'] }],
    not: { required: ['s3_wal_path', 'gs_wal_path'] },
  },
);

/** `spec.tls` */
export const tlsSection = object("The server's own certificate, from Secrets in the cluster's namespace.", {
  secretName: required(string('Secret with certificate and private key; mounted at `/tls`. Empty for none.')),
  certificateFile: string('File name of the certificate, in the Secret or absolute. Without it `tls.crt`.'),
  privateKeyFile: string('File name of the private key, in the Secret or absolute. Without it `tls.key`.'),
  caFile: string('File name of the certificate authority; without it clients cannot be verified.'),
  caSecretName: string('Another Secret that holds `caFile`; mounted at `/tlsca`.'),
});
