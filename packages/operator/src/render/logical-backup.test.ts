import type { CronJob } from '@pgherd/kube/objects';
import { expect, test } from 'vitest';
import { differences, rendered, renderedOne, type TestInput } from '../testing/rendered.ts';

const on: TestInput = { spec: { enableLogicalBackup: true } };
const job = 'CronJob logical-backup-acid-demo';

function podOf(input: TestInput) {
  const template = (renderedOne(job, input) as CronJob).spec?.jobTemplate.spec?.template;
  const [container] = template?.spec?.containers ?? [];
  if (template?.spec === undefined || container === undefined) throw new Error('no pod');
  return { template, pod: template.spec, container };
}

const storage = (configuration: TestInput['configuration'] = {}, more: TestInput = {}) =>
  podOf({ ...on, ...more, configuration })
    .container.env?.slice(13)
    .map(({ name, value }) => `${name}=${value}`);

test('there is a CronJob when the manifest asks for it, and nothing else changes', () => {
  expect(differences({}, on)).toEqual([job]);
});

test('environment in the order of Zalando', () => {
  expect(podOf(on).container.env).toEqual([
    { name: 'SCOPE', value: 'acid-demo' },
    { name: 'CLUSTER_NAME_LABEL', value: 'cluster-name' },
    { name: 'POD_NAMESPACE', valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } } },
    { name: 'PG_VERSION', value: '17' },
    { name: 'PGPORT', value: '5432' },
    { name: 'PGUSER', value: 'postgres' },
    { name: 'PGDATABASE', value: 'postgres' },
    { name: 'PGSSLMODE', value: 'require' },
    {
      name: 'PGPASSWORD',
      valueFrom: {
        secretKeyRef: { name: 'postgres.acid-demo.credentials.postgresql.acid.zalan.do', key: 'password' },
      },
    },
    { name: 'LOGICAL_BACKUP_PROVIDER', value: 's3' },
    { name: 'LOGICAL_BACKUP_S3_BUCKET', value: '' },
    { name: 'LOGICAL_BACKUP_S3_BUCKET_PREFIX', value: 'spilo' },
    { name: 'LOGICAL_BACKUP_S3_BUCKET_SCOPE_SUFFIX', value: '/uid-of-the-manifest' },
    { name: 'LOGICAL_BACKUP_S3_REGION', value: '' },
    { name: 'LOGICAL_BACKUP_S3_ENDPOINT', value: '' },
    { name: 'LOGICAL_BACKUP_S3_SSE', value: '' },
    { name: 'LOGICAL_BACKUP_S3_RETENTION_TIME', value: '' },
  ]);
});

test('each provider has variables of its own', () => {
  expect(
    storage({
      logical_backup_s3_region: 'r',
      logical_backup_s3_endpoint: 'e',
      logical_backup_s3_sse: 'AES256',
      logical_backup_s3_retention_time: '2 week',
      logical_backup_s3_access_key_id: 'id',
      logical_backup_s3_secret_access_key: 'key',
    }),
  ).toEqual([
    'LOGICAL_BACKUP_S3_REGION=r',
    'LOGICAL_BACKUP_S3_ENDPOINT=e',
    'LOGICAL_BACKUP_S3_SSE=AES256',
    'LOGICAL_BACKUP_S3_RETENTION_TIME=2 week',
    'AWS_ACCESS_KEY_ID=id',
    'AWS_SECRET_ACCESS_KEY=key',
  ]);
  const gcs = { logical_backup_provider: 'gcs' as const };
  expect(storage(gcs)).toEqual([]);
  expect(storage({ ...gcs, logical_backup_google_application_credentials: '/f' })).toEqual([
    'LOGICAL_BACKUP_GOOGLE_APPLICATION_CREDENTIALS=/f',
  ]);
  const azure = {
    logical_backup_provider: 'az' as const,
    logical_backup_azure_storage_account_name: 'a',
    logical_backup_azure_storage_container: 'c',
  };
  const account = ['LOGICAL_BACKUP_AZURE_STORAGE_ACCOUNT_NAME=a', 'LOGICAL_BACKUP_AZURE_STORAGE_CONTAINER=c'];
  expect(storage(azure)).toEqual(account);
  expect(storage({ ...azure, logical_backup_azure_storage_account_key: 'k' })).toEqual([
    ...account,
    'LOGICAL_BACKUP_AZURE_STORAGE_ACCOUNT_KEY=k',
  ]);
});

test("the manifest's retention wins", () => {
  const spec = { enableLogicalBackup: true, logicalBackupRetention: '1 day' };
  expect(storage({ logical_backup_s3_retention_time: '2 week' }, { spec })).toContain(
    'LOGICAL_BACKUP_S3_RETENTION_TIME=1 day',
  );
});

test('variables of the Secret for all backups win, and are waited for', () => {
  const configuration = { logical_backup_cronjob_environment_secret: 'keys' };
  const secretKeys = ['B', 'A', 'LOGICAL_BACKUP_S3_BUCKET'];
  const { env } = podOf({
    ...on,
    configuration,
    remembered: { backupEnvironment: { secretKeys } },
  }).container;
  expect(env?.slice(-3)).toEqual(
    ['A', 'B', 'LOGICAL_BACKUP_S3_BUCKET'].map((key) => ({
      name: key,
      valueFrom: { secretKeyRef: { name: 'keys', key } },
    })),
  );
  expect(env?.filter(({ name }) => name === 'LOGICAL_BACKUP_S3_BUCKET')).toHaveLength(1);
});

test('the rest of the CronJob', () => {
  const labels = { application: 'spilo-logical-backup', 'cluster-name': 'acid-demo', team: 'acid' };
  const input: TestInput = { spec: { enableLogicalBackup: true, podAnnotations: { a: 'b' } } };
  const { metadata, spec } = renderedOne(job, input) as CronJob;
  expect(metadata).toMatchObject({ labels, annotations: { a: 'b' } });
  expect({ ...spec, jobTemplate: undefined }).toEqual({
    schedule: '30 00 * * *',
    concurrencyPolicy: 'Forbid',
    successfulJobsHistoryLimit: 3,
    failedJobsHistoryLimit: 3,
  });
  const { template, pod, container } = podOf(input);
  expect(template.metadata).toEqual({ namespace: 'default', labels, annotations: { a: 'b' } });
  expect({ ...pod, containers: [] }).toEqual({
    serviceAccountName: 'postgres-pod',
    terminationGracePeriodSeconds: 300,
    securityContext: { runAsUser: 101, runAsGroup: 103, fsGroup: 103 },
    restartPolicy: 'Never',
    tolerations: [],
    affinity: {
      podAffinity: {
        preferredDuringSchedulingIgnoredDuringExecution: [
          {
            weight: 1,
            podAffinityTerm: {
              labelSelector: { matchLabels: labels },
              topologyKey: 'kubernetes.io/hostname',
            },
          },
        ],
      },
    },
    containers: [],
    volumes: [],
  });
  expect({ ...container, env: [] }).toEqual({
    name: 'logical-backup',
    image: 'ghcr.io/zalando/postgres-operator/logical-backup:v2.0.1',
    imagePullPolicy: 'IfNotPresent',
    ports: [8008, 5432, 8080].map((containerPort) => ({ containerPort, protocol: 'TCP' })),
    env: [],
    resources: {},
    volumeMounts: [],
    securityContext: { allowPrivilegeEscalation: false, privileged: false, readOnlyRootFilesystem: false },
  });
});

const template = `${job} spec.jobTemplate.spec.template`;
const container = `${template}.spec.containers.0`;

test.each<[string, TestInput, string[]]>([
  ['logicalBackupSchedule', { spec: { logicalBackupSchedule: '0 1 * * *' } }, [`${job} spec.schedule`]],
  [
    'logical_backup_schedule',
    { configuration: { logical_backup_schedule: '0 1 * * *' } },
    [`${job} spec.schedule`],
  ],
  [
    'logical_backup_docker_image',
    { configuration: { logical_backup_docker_image: 'i' } },
    [`${container}.image`],
  ],
  [
    'logical_backup_successful_jobs_history_limit',
    { configuration: { logical_backup_successful_jobs_history_limit: 1 } },
    [`${job} spec.successfulJobsHistoryLimit`],
  ],
  [
    'logical_backup_failed_jobs_history_limit',
    { configuration: { logical_backup_failed_jobs_history_limit: 1 } },
    [`${job} spec.failedJobsHistoryLimit`],
  ],
  [
    'logical_backup_ttl_seconds_after_finished',
    { configuration: { logical_backup_ttl_seconds_after_finished: 1 } },
    [`${job} spec.jobTemplate.spec.ttlSecondsAfterFinished`],
  ],
  [
    'logical_backup_s3_bucket',
    { configuration: { logical_backup_s3_bucket: 'b' } },
    [`${container}.env.10.value`],
  ],
  [
    'logical_backup_s3_bucket_prefix',
    { configuration: { logical_backup_s3_bucket_prefix: 'b' } },
    [`${container}.env.11.value`],
  ],
  [
    'logical_backup_cpu_request',
    { configuration: { logical_backup_cpu_request: '1' } },
    [`${container}.resources.requests`],
  ],
  [
    'logical_backup_cpu_limit',
    { configuration: { logical_backup_cpu_limit: '1' } },
    [`${container}.resources.limits`],
  ],
  [
    'logical_backup_memory_request',
    { configuration: { logical_backup_memory_request: '1Gi' } },
    [`${container}.resources.requests`],
  ],
  [
    'logical_backup_memory_limit',
    { configuration: { logical_backup_memory_limit: '1Gi' } },
    [`${container}.resources.limits`],
  ],
  ['default_cpu_limit', { configuration: { default_cpu_limit: '1' } }, [`${container}.resources.limits`]],
  [
    'tolerations',
    { spec: { tolerations: [{ key: 'a', operator: 'Exists' }] } },
    [`${template}.spec.tolerations.0`],
  ],
  [
    'additional_secret_mount',
    { configuration: { additional_secret_mount: 's', additional_secret_mount_path: '/s' } },
    [`${container}.volumeMounts.0`, `${template}.spec.volumes.0`],
  ],
  [
    'node_readiness_label',
    { configuration: { node_readiness_label: { ready: 'yes' } } },
    [`${template}.spec.affinity.nodeAffinity`],
  ],
])('%s changes nothing else of the job', (_name, change, paths) => {
  const after = { ...on, ...change, spec: { ...on.spec, ...change.spec } };
  expect(
    differences(on, after)
      .filter((path) => path.startsWith('CronJob'))
      .sort(),
  ).toEqual(paths.sort());
});

test('its name is cut to 52 characters, and does not end with a dash', () => {
  const nameOf = (name: string, prefix: string) =>
    [
      ...rendered({ ...on, metadata: { name }, configuration: { logical_backup_job_prefix: prefix } }).keys(),
    ].filter((each) => each.startsWith('CronJob'));
  expect(nameOf('a'.repeat(50), 'x-')).toEqual([`CronJob x-${'a'.repeat(50)}`]);
  expect(nameOf('a'.repeat(51), 'x-')).toEqual([`CronJob x-${'a'.repeat(50)}`]);
  expect(nameOf(`${'a'.repeat(48)}--b`, 'x-')).toEqual([`CronJob x-${'a'.repeat(48)}`]);
});
