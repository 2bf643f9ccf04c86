import type { Entry, Written } from '../effect.ts';

/** An image that can begin from an archive. */
const spilo: Written = { spec: { dockerImage: 'registry.example/spilo:1' } };
const clone = (more: object): Written => ({ spec: { clone: { cluster: 'acid-source', ...more } } });
const fromArchive = { timestamp: '2026-01-02T03:04:05+00:00' };
const standby = (section: object): Written => ({ spec: { standby: section } });
const host = { standby_host: 'db.example.org' };

/** Fields about where the first data come from. */
export const bootstrapFields: Record<string, Entry> = {
  'spec.clone.cluster': {
    given: spilo,
    change: clone({}),
    differs: [
      'StatefulSet acid-demo.spec.template.spec.containers[postgres].env[CLONE_HOST]',
      'StatefulSet acid-demo.spec.template.spec.containers[postgres].env[CLONE_METHOD]',
      'StatefulSet acid-demo.spec.template.spec.containers[postgres].env[CLONE_PASSWORD]',
      'StatefulSet acid-demo.spec.template.spec.containers[postgres].env[CLONE_PORT]',
      'StatefulSet acid-demo.spec.template.spec.containers[postgres].env[CLONE_SCOPE]',
      'StatefulSet acid-demo.spec.template.spec.containers[postgres].env[CLONE_USER]',
    ],
  },
  'spec.clone.uid': {
    given: {
      spec: { ...spilo.spec, ...clone(fromArchive).spec },
      configuration: { wal_s3_bucket: 'archive' },
    },
    change: clone({ ...fromArchive, uid: '0b2a1a8e-6f6a-4d0e-9c53-2b8c3b6c7d11' }),
    differs: [
      'StatefulSet acid-demo.spec.template.spec.containers[postgres].env[CLONE_WAL_BUCKET_SCOPE_SUFFIX].value',
    ],
  },
  'spec.clone.timestamp': {
    given: { spec: { ...spilo.spec, ...clone({}).spec }, configuration: { wal_s3_bucket: 'archive' } },
    change: clone(fromArchive),
    differs: [
      'StatefulSet acid-demo.spec.template.spec.containers[postgres].env[CLONE_HOST]',
      'StatefulSet acid-demo.spec.template.spec.containers[postgres].env[CLONE_METHOD].value',
      'StatefulSet acid-demo.spec.template.spec.containers[postgres].env[CLONE_PASSWORD]',
      'StatefulSet acid-demo.spec.template.spec.containers[postgres].env[CLONE_PORT]',
      'StatefulSet acid-demo.spec.template.spec.containers[postgres].env[CLONE_TARGET_TIME]',
      'StatefulSet acid-demo.spec.template.spec.containers[postgres].env[CLONE_USER]',
      'StatefulSet acid-demo.spec.template.spec.containers[postgres].env[CLONE_WAL_BUCKET_SCOPE_PREFIX]',
      'StatefulSet acid-demo.spec.template.spec.containers[postgres].env[CLONE_WAL_BUCKET_SCOPE_SUFFIX]',
      'StatefulSet acid-demo.spec.template.spec.containers[postgres].env[CLONE_WAL_S3_BUCKET]',
    ],
  },
  'spec.clone.s3_wal_path': {
    given: { spec: { ...spilo.spec, ...clone(fromArchive).spec } },
    change: clone({ ...fromArchive, s3_wal_path: 's3://archive/spilo' }),
    differs: [
      'StatefulSet acid-demo.spec.template.spec.containers[postgres].env[CLONE_WALE_S3_PREFIX]',
      'StatefulSet acid-demo.spec.template.spec.containers[postgres].env[CLONE_WAL_BUCKET_SCOPE_SUFFIX]',
    ],
  },
  'spec.clone.s3_endpoint': {
    given: { spec: { ...spilo.spec, ...clone(fromArchive).spec } },
    change: clone({ ...fromArchive, s3_endpoint: 'https://s3.example.org' }),
    differs: [
      'StatefulSet acid-demo.spec.template.spec.containers[postgres].env[CLONE_AWS_ENDPOINT]',
      'StatefulSet acid-demo.spec.template.spec.containers[postgres].env[CLONE_WALE_S3_ENDPOINT]',
    ],
  },
  'spec.clone.s3_access_key_id': {
    given: { spec: { ...spilo.spec, ...clone(fromArchive).spec } },
    change: clone({ ...fromArchive, s3_access_key_id: 'id' }),
    differs: ['StatefulSet acid-demo.spec.template.spec.containers[postgres].env[CLONE_AWS_ACCESS_KEY_ID]'],
  },
  'spec.clone.s3_secret_access_key': {
    given: { spec: { ...spilo.spec, ...clone(fromArchive).spec } },
    change: clone({ ...fromArchive, s3_secret_access_key: 'key' }),
    differs: [
      'StatefulSet acid-demo.spec.template.spec.containers[postgres].env[CLONE_AWS_SECRET_ACCESS_KEY]',
    ],
  },
  'spec.clone.s3_force_path_style': {
    given: { spec: { ...spilo.spec, ...clone(fromArchive).spec } },
    change: clone({ ...fromArchive, s3_force_path_style: true }),
    differs: [
      'StatefulSet acid-demo.spec.template.spec.containers[postgres].env[CLONE_AWS_S3_FORCE_PATH_STYLE]',
    ],
  },
  'spec.standby.s3_wal_path': {
    given: spilo,
    change: standby({ s3_wal_path: 's3://archive/spilo' }),
    differs: [
      'Patroni.standby_cluster',
      'PostgreSQL',
      'StatefulSet acid-demo.spec.template.spec.containers[postgres].env[STANDBY_METHOD]',
      'StatefulSet acid-demo.spec.template.spec.containers[postgres].env[STANDBY_WALE_S3_PREFIX]',
      'StatefulSet acid-demo.spec.template.spec.containers[postgres].env[STANDBY_WAL_BUCKET_SCOPE_PREFIX]',
    ],
  },
  'spec.standby.gs_wal_path': {
    given: spilo,
    change: standby({ gs_wal_path: 'gs://archive/spilo' }),
    differs: [
      'Patroni.standby_cluster',
      'PostgreSQL',
      'StatefulSet acid-demo.spec.template.spec.containers[postgres].env[STANDBY_METHOD]',
      'StatefulSet acid-demo.spec.template.spec.containers[postgres].env[STANDBY_WALE_GS_PREFIX]',
      'StatefulSet acid-demo.spec.template.spec.containers[postgres].env[STANDBY_WAL_BUCKET_SCOPE_PREFIX]',
    ],
  },
  'spec.standby.standby_host': {
    given: spilo,
    change: standby(host),
    differs: [
      'Patroni.standby_cluster',
      'PostgreSQL',
      'StatefulSet acid-demo.spec.template.spec.containers[postgres].env[STANDBY_HOST]',
    ],
  },
  'spec.standby.standby_port': {
    given: { spec: { ...spilo.spec, ...standby(host).spec } },
    change: standby({ ...host, standby_port: '5433' }),
    differs: [
      'Patroni.standby_cluster.port',
      'StatefulSet acid-demo.spec.template.spec.containers[postgres].env[STANDBY_PORT]',
    ],
  },
  'spec.standby.standby_primary_slot_name': {
    given: { spec: { ...spilo.spec, ...standby(host).spec } },
    change: standby({ ...host, standby_primary_slot_name: 'slot' }),
    differs: [
      'Patroni.standby_cluster.primary_slot_name',
      'StatefulSet acid-demo.spec.template.spec.containers[postgres].env[STANDBY_PRIMARY_SLOT_NAME]',
    ],
  },
};
