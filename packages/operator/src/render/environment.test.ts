import type { Postgresql } from '@pgherd/api';
import { expect, test } from 'vitest';
import { testConfiguration, testManifest, testRemembered } from '../testing/cluster.ts';
import { postgresEnvironment } from './environment.ts';
import type { Remembered } from './input.ts';

type Spec = Partial<Postgresql['spec']>;
type Changes = Parameters<typeof testConfiguration>[0];

/** Variables that are there with these changes and not without, as `NAME=value`. */
function added(spec: Spec, changes: Changes = {}, remembered: Partial<Remembered> = {}): string[] {
  const of = (input: { spec: Spec; changes: Changes; remembered: Partial<Remembered> }) =>
    postgresEnvironment({
      manifest: testManifest(input.spec),
      configuration: testConfiguration(input.changes),
      remembered: testRemembered(input.remembered),
    }).map(({ name, value, valueFrom }) => {
      const secret = valueFrom?.secretKeyRef;
      return `${name}=${value ?? (secret === undefined ? '?' : `${secret.name}/${secret.key}`)}`;
    });
  const before = new Set(of({ spec: {}, changes: {}, remembered: {} }));
  return of({ spec, changes, remembered }).filter((variable) => !before.has(variable));
}

const at = '2026-01-02T03:04:05+00:00';
const suffix = '/uid-of-the-manifest';

test('the order is: manifest, clone, standby, Secret, ConfigMap, archive, certificates', () => {
  const names = added(
    {
      env: [{ name: 'OWN', value: '1' }],
      clone: { cluster: 'other' },
      standby: { standby_host: 'far' },
      tls: { secretName: 'crt' },
    },
    { pod_environment_secret: 'keys', wal_s3_bucket: 'wal', log_s3_bucket: 'log' },
    { podEnvironment: { secretKeys: ['S'], values: { V: '1' }, unfit: [] } },
  ).map((variable) => variable.split('=')[0]);
  expect(names).toEqual([
    'OWN',
    ...['SCOPE', 'METHOD', 'HOST', 'PORT', 'USER', 'PASSWORD'].map((name) => `CLONE_${name}`),
    'STANDBY_HOST',
    'S',
    'V',
    'WAL_S3_BUCKET',
    'WAL_BUCKET_SCOPE_SUFFIX',
    'WAL_BUCKET_SCOPE_PREFIX',
    'LOG_S3_BUCKET',
    'LOG_BUCKET_SCOPE_SUFFIX',
    'LOG_BUCKET_SCOPE_PREFIX',
    'SSL_CERTIFICATE_FILE',
    'SSL_PRIVATE_KEY_FILE',
  ]);
});

test.each<[string, Changes, string[]]>([
  [
    'wal_s3_bucket',
    { wal_s3_bucket: 'b' },
    ['WAL_S3_BUCKET=b', `WAL_BUCKET_SCOPE_SUFFIX=${suffix}`, 'WAL_BUCKET_SCOPE_PREFIX='],
  ],
  [
    'wal_gs_bucket',
    { wal_gs_bucket: 'b', gcp_credentials: '/key.json' },
    [
      'WAL_GS_BUCKET=b',
      `WAL_BUCKET_SCOPE_SUFFIX=${suffix}`,
      'WAL_BUCKET_SCOPE_PREFIX=',
      'GOOGLE_APPLICATION_CREDENTIALS=/key.json',
    ],
  ],
  [
    'wal_az_storage_account',
    { wal_az_storage_account: 'a' },
    ['AZURE_STORAGE_ACCOUNT=a', `WAL_BUCKET_SCOPE_SUFFIX=${suffix}`, 'WAL_BUCKET_SCOPE_PREFIX='],
  ],
  [
    'log_s3_bucket',
    { log_s3_bucket: 'b' },
    ['LOG_S3_BUCKET=b', `LOG_BUCKET_SCOPE_SUFFIX=${suffix}`, 'LOG_BUCKET_SCOPE_PREFIX='],
  ],
  ['etcd_host', { etcd_host: 'etcd' }, ['ETCD_HOST=etcd']],
  ['enable_spilo_wal_path_compat', { enable_spilo_wal_path_compat: true }, ['ENABLE_WAL_PATH_COMPAT=true']],
  ['kubernetes_use_configmaps', { kubernetes_use_configmaps: true }, ['KUBERNETES_USE_CONFIGMAPS=true']],
  ['pam', { pam_configuration: 'p', pam_role_name: 'r' }, ['PAM_OAUTH2=p', 'HUMAN_ROLE=r']],
])('%s', (_key, changes, expected) => {
  expect(added({}, changes)).toEqual(expected);
});

test('a clone of a running cluster uses the replication user of the source', () => {
  expect(added({ clone: { cluster: 'acid-source' } }, { irsa_role_arn: 'arn:x' })).toEqual([
    'CLONE_SCOPE=acid-source',
    'CLONE_METHOD=CLONE_WITH_BASEBACKUP',
    'CLONE_HOST=acid-source',
    'CLONE_PORT=5432',
    'CLONE_USER=standby',
    'CLONE_PASSWORD=standby.acid-source.credentials.postgresql.acid.zalan.do/password',
    'CLONE_AWS_ROLE_ARN=arn:x',
    'CLONE_AWS_WEB_IDENTITY_TOKEN_FILE=/var/run/secrets/eks.amazonaws.com/serviceaccount/token',
  ]);
});

test.each<[string, Changes, Partial<NonNullable<Spec['clone']>>, string[]]>([
  ['S3', { wal_s3_bucket: 'b' }, { uid: 'u' }, ['CLONE_WAL_S3_BUCKET=b', 'CLONE_WAL_BUCKET_SCOPE_SUFFIX=/u']],
  ['S3 without uid', { wal_s3_bucket: 'b' }, {}, ['CLONE_WAL_S3_BUCKET=b', 'CLONE_WAL_BUCKET_SCOPE_SUFFIX=']],
  [
    'Google',
    { wal_gs_bucket: 'b', gcp_credentials: '/k' },
    {},
    ['CLONE_WAL_GS_BUCKET=b', 'CLONE_GOOGLE_APPLICATION_CREDENTIALS=/k', 'CLONE_WAL_BUCKET_SCOPE_SUFFIX='],
  ],
  [
    'Azure',
    { wal_az_storage_account: 'a' },
    {},
    ['CLONE_AZURE_STORAGE_ACCOUNT=a', 'CLONE_WAL_BUCKET_SCOPE_SUFFIX='],
  ],
  ['a path', { wal_s3_bucket: 'b' }, { s3_wal_path: 's3://x' }, ['CLONE_WALE_S3_PREFIX=s3://x']],
  ['what the variables of all pods say', {}, { uid: 'u' }, ['CLONE_WAL_BUCKET_SCOPE_SUFFIX=/u']],
])('a clone from an archive: %s', (_what, changes, clone, place) => {
  const found = added({ clone: { cluster: 'src', timestamp: at, ...clone } }, changes);
  expect(found.filter((variable) => variable.startsWith('CLONE_'))).toEqual([
    'CLONE_SCOPE=src',
    ...place,
    'CLONE_METHOD=CLONE_WITH_WALE',
    `CLONE_TARGET_TIME=${at}`,
    'CLONE_WAL_BUCKET_SCOPE_PREFIX=',
  ]);
});

test('a clone says how its S3 is reached', () => {
  const clone = {
    cluster: 'src',
    timestamp: at,
    s3_endpoint: 'https://s3',
    s3_access_key_id: 'id',
    s3_secret_access_key: 'key',
  };
  const pathStyle = (s3_force_path_style: boolean) =>
    added({ clone: { ...clone, s3_force_path_style } }).slice(-5);
  expect(pathStyle(true)).toEqual([
    'CLONE_AWS_ENDPOINT=https://s3',
    'CLONE_WALE_S3_ENDPOINT=https://s3',
    'CLONE_AWS_ACCESS_KEY_ID=id',
    'CLONE_AWS_SECRET_ACCESS_KEY=key',
    'CLONE_AWS_S3_FORCE_PATH_STYLE=1',
  ]);
  expect(pathStyle(false).at(-1)).toBe('CLONE_AWS_S3_FORCE_PATH_STYLE=0');
});

test('a standby cluster streams, or reads an archive', () => {
  expect(
    added({ standby: { standby_host: 'h', standby_port: '5433', standby_primary_slot_name: 's' } }),
  ).toEqual(['STANDBY_HOST=h', 'STANDBY_PORT=5433', 'STANDBY_PRIMARY_SLOT_NAME=s']);
  const archive = ['STANDBY_METHOD=STANDBY_WITH_WALE', 'STANDBY_WAL_BUCKET_SCOPE_PREFIX='];
  expect(added({ standby: { s3_wal_path: 's3://x', standby_port: '1' } })).toEqual([
    'STANDBY_WALE_S3_PREFIX=s3://x',
    ...archive,
  ]);
  expect(added({ standby: { gs_wal_path: 'gs://x' } }, { irsa_role_arn: 'arn:x' })).toEqual([
    'STANDBY_WALE_GS_PREFIX=gs://x',
    ...archive,
    'STANDBY_AWS_ROLE_ARN=arn:x',
    'STANDBY_AWS_WEB_IDENTITY_TOKEN_FILE=/var/run/secrets/eks.amazonaws.com/serviceaccount/token',
  ]);
});

test('keys of Secret and ConfigMap are sorted; what is there already wins, letter case aside', () => {
  const podEnvironment = {
    secretKeys: ['b', 'A', 'scope'],
    values: { z: '1', b: '2', PgVersion: '9', wal_s3_bucket: 'mine' },
    unfit: [],
  };
  const changes = { pod_environment_secret: 'keys', wal_s3_bucket: 'configured' };
  expect(added({}, changes, { podEnvironment })).toEqual([
    'A=keys/A',
    'b=keys/b',
    'wal_s3_bucket=mine',
    'z=1',
    `WAL_BUCKET_SCOPE_SUFFIX=${suffix}`,
    'WAL_BUCKET_SCOPE_PREFIX=',
  ]);
});

test.each([
  [{ secretName: 'crt', caFile: 'ca.crt' }, '/tls/ca.crt'],
  [{ secretName: 'crt', caFile: 'ca.crt', caSecretName: 'ca' }, '/tlsca/ca.crt'],
  [{ secretName: 'crt', caFile: '/abs/ca.crt', caSecretName: 'ca' }, '/abs/ca.crt'],
])('certificates: %j', (tls, ca) => {
  expect(added({ tls })).toEqual([
    'SSL_CERTIFICATE_FILE=/tls/tls.crt',
    'SSL_PRIVATE_KEY_FILE=/tls/tls.key',
    `SSL_CA_FILE=${ca}`,
  ]);
});
