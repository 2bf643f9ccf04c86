import type { Deployment, Secret } from '@pgherd/kube/objects';
import { expect, test } from 'vitest';
import { differences, rendered, renderedOne, type TestInput } from '../testing/rendered.ts';

const on: TestInput = { spec: { enableConnectionPooler: true } };
const both: TestInput = { spec: { enableConnectionPooler: true, enableReplicaConnectionPooler: true } };
const secret = 'pooler.acid-demo.credentials.postgresql.acid.zalan.do';

function deployment(input: TestInput, name = 'acid-demo-pooler'): Deployment {
  return renderedOne(`Deployment ${name}`, input) as Deployment;
}

function podOf(input: TestInput, name?: string) {
  const pod = deployment(input, name).spec?.template.spec;
  const [container] = pod?.containers ?? [];
  if (pod === undefined || container === undefined) throw new Error('no container');
  return { pod, container };
}

test('which poolers there are', () => {
  const made = (spec: TestInput['spec']) =>
    differences({}, spec === undefined ? {} : { spec }).map((name) => name.replaceAll('acid-demo', 'X'));
  const primary = [
    `Secret ${secret.replace('acid-demo', 'X')}`,
    'Secret X-pooler-u',
    'Deployment X-pooler',
    'Service X-pooler',
  ];
  const replica = ['Secret X-pooler-repl-u', 'Deployment X-pooler-repl', 'Service X-pooler-repl'];
  expect(made({ enableConnectionPooler: true })).toEqual(primary);
  expect(made({ connectionPooler: {} })).toEqual(primary);
  expect(made({ connectionPooler: {}, enableConnectionPooler: false })).toEqual([]);
  expect(made({ enableReplicaConnectionPooler: true })).toEqual([primary[0], ...replica]);
  expect(made({ connectionPooler: {}, enableReplicaConnectionPooler: true })).toEqual([
    ...primary,
    ...replica,
  ]);
});

test('environment in the order of Zalando, sizes of each pod, the role by its Secret', () => {
  const { container } = podOf(on);
  expect(container.env).toEqual([
    { name: 'PGHOST', value: 'acid-demo' },
    { name: 'PGPORT', value: '5432' },
    { name: 'PGUSER', valueFrom: { secretKeyRef: { name: secret, key: 'username' } } },
    { name: 'PGSCHEMA', value: 'pooler' },
    { name: 'PGPASSWORD', valueFrom: { secretKeyRef: { name: secret, key: 'password' } } },
    { name: 'CONNECTION_POOLER_PORT', value: '5432' },
    { name: 'CONNECTION_POOLER_MODE', value: 'transaction' },
    { name: 'CONNECTION_POOLER_DEFAULT_SIZE', value: '15' },
    { name: 'CONNECTION_POOLER_MIN_SIZE', value: '7' },
    { name: 'CONNECTION_POOLER_RESERVE_SIZE', value: '7' },
    { name: 'CONNECTION_POOLER_MAX_CLIENT_CONN', value: '10000' },
    { name: 'CONNECTION_POOLER_MAX_DB_CONN', value: '30' },
  ]);
  expect(podOf(both, 'acid-demo-pooler-repl').container.env?.[0]?.value).toBe('acid-demo-repl');
});

test('fewer connections than pods are one for each pod, and not as many as they like', () => {
  const sizes = (maxDBConnections: number) =>
    podOf({ spec: { connectionPooler: { maxDBConnections } } })
      .container.env?.slice(7)
      .map(({ value }) => value)
      .join(' ');
  expect(sizes(1)).toBe('0 0 0 10000 1');
  expect(sizes(9)).toBe('2 1 1 10000 4');
  expect(sizes(0)).toBe('0 0 0 10000 0');
});

test('labels and selectors', () => {
  const selector = {
    application: 'db-connection-pooler',
    'cluster-name': 'acid-demo',
    'connection-pooler': 'acid-demo-pooler',
  };
  const labels = { ...selector, team: 'acid', 'spilo-role': 'master', owner: 'me' };
  const input: TestInput = {
    ...on,
    metadata: { labels: { owner: 'me' } },
    configuration: { inherited_labels: ['owner'] },
  };
  const { metadata, spec } = deployment(input);
  expect(metadata.labels).toEqual(labels);
  expect(spec?.selector.matchLabels).toEqual(selector);
  expect(spec?.template.metadata?.labels).toEqual(labels);
  expect(renderedOne('Secret acid-demo-pooler-u', input).metadata.labels).toEqual(labels);
  const service = renderedOne('Service acid-demo-pooler', input);
  expect(service.metadata.labels).toEqual(selector);
  expect(service['spec']).toEqual({
    type: 'ClusterIP',
    loadBalancerSourceRanges: [],
    selector: { 'connection-pooler': 'acid-demo-pooler' },
    ports: [{ name: 'acid-demo-pooler', port: 5432, protocol: 'TCP', targetPort: 5432 }],
  });
  // The role's Secret is found as the pooler's, whatever the role is called.
  for (const user of ['pooler', 'lookup']) {
    const found = renderedOne(`Secret ${secret.replace('pooler', user)}`, {
      ...input,
      spec: { connectionPooler: { user } },
    });
    expect(found.metadata.labels).toEqual({ ...selector, team: 'acid', owner: 'me' });
  }
});

test('the pod as a whole', () => {
  const { pod, container } = podOf(on);
  const { env: _env, ...rest } = container;
  expect(rest).toEqual({
    name: 'connection-pooler',
    image: 'localhost/pgherd/pooler:1.24',
    imagePullPolicy: 'IfNotPresent',
    ports: [{ containerPort: 5432, protocol: 'TCP' }],
    resources: {},
    readinessProbe: { tcpSocket: { port: 5432 } },
    securityContext: { allowPrivilegeEscalation: false },
    volumeMounts: [
      {
        name: 'acid-demo-pooler-u',
        mountPath: '/etc/pgbouncer/userlist.txt',
        subPath: 'userlist.txt',
        readOnly: true,
      },
    ],
  });
  expect({ ...pod, containers: [] }).toEqual({
    serviceAccountName: 'postgres-pod',
    terminationGracePeriodSeconds: 300,
    securityContext: { runAsUser: 100, runAsGroup: 101, fsGroup: 103 },
    tolerations: [],
    containers: [],
    volumes: [{ name: 'acid-demo-pooler-u', secret: { secretName: 'acid-demo-pooler-u' } }],
  });
});

const template = 'Deployment acid-demo-pooler spec.template';
const container = `${template}.spec.containers.0`;
const size = (index: number) => `${container}.env.${index}.value`;

test.each<[string, TestInput, string[]]>([
  [
    'numberOfInstances',
    { spec: { connectionPooler: { numberOfInstances: 3 } } },
    ['Deployment acid-demo-pooler spec.replicas', size(7), size(8), size(9), size(11)],
  ],
  [
    'connection_pooler_number_of_instances',
    { configuration: { connection_pooler_number_of_instances: 3 } },
    ['Deployment acid-demo-pooler spec.replicas', size(7), size(8), size(9), size(11)],
  ],
  ['mode', { spec: { connectionPooler: { mode: 'session' } } }, [size(6)]],
  ['connection_pooler_mode', { configuration: { connection_pooler_mode: 'session' } }, [size(6)]],
  ['schema', { spec: { connectionPooler: { schema: 'p' } } }, [size(3)]],
  ['connection_pooler_schema', { configuration: { connection_pooler_schema: 'p' } }, [size(3)]],
  ['dockerImage', { spec: { connectionPooler: { dockerImage: 'i' } } }, [`${container}.image`]],
  ['connection_pooler_image', { configuration: { connection_pooler_image: 'i' } }, [`${container}.image`]],
  [
    'maxDBConnections',
    { spec: { connectionPooler: { maxDBConnections: 100 } } },
    [size(7), size(8), size(9), size(11)],
  ],
  [
    'connection_pooler_max_db_connections',
    { configuration: { connection_pooler_max_db_connections: 100 } },
    [size(7), size(8), size(9), size(11)],
  ],
  [
    'resources',
    { spec: { connectionPooler: { resources: { requests: { cpu: '1' } } } } },
    [`${container}.resources.requests`],
  ],
  [
    'connection_pooler_default_cpu_request',
    { configuration: { connection_pooler_default_cpu_request: '1' } },
    [`${container}.resources.requests`],
  ],
  [
    'connection_pooler_default_cpu_limit',
    { configuration: { connection_pooler_default_cpu_limit: '1' } },
    [`${container}.resources.limits`],
  ],
  [
    'connection_pooler_default_memory_request',
    { configuration: { connection_pooler_default_memory_request: '1Gi' } },
    [`${container}.resources.requests`],
  ],
  [
    'connection_pooler_default_memory_limit',
    { configuration: { connection_pooler_default_memory_limit: '1Gi' } },
    [`${container}.resources.limits`],
  ],
  [
    'tolerations',
    { spec: { tolerations: [{ key: 'a', operator: 'Exists' }] } },
    [`${template}.spec.tolerations.0`],
  ],
  [
    'enable_pod_antiaffinity',
    { configuration: { enable_pod_antiaffinity: true } },
    [`${template}.spec.affinity`],
  ],
  ['spiloFSGroup', { spec: { spiloFSGroup: 7 } }, [`${template}.spec.securityContext.fsGroup`]],
  ['podAnnotations', { spec: { podAnnotations: { a: 'b' } } }, [`${template}.metadata.annotations.a`]],
  [
    'downscaler_annotations',
    {
      configuration: { downscaler_annotations: ['^down'] },
      metadata: { annotations: { 'downscaler/x': '1' } },
    },
    ['Deployment acid-demo-pooler metadata.annotations'],
  ],
])('%s changes nothing else of the pooler', (_name, change, paths) => {
  const base: TestInput = { spec: { connectionPooler: {} } };
  const after = { ...base, ...change, spec: { connectionPooler: {}, ...change.spec } };
  expect(
    differences(base, after)
      .filter((path) => path.includes('pooler'))
      .sort(),
  ).toEqual(paths.sort());
});

test('the role can be another one, but none of the system', () => {
  const refOf = (user: string, configuration = {}) =>
    podOf({ spec: { connectionPooler: { user } }, configuration }).container.env?.[2]?.valueFrom?.secretKeyRef
      ?.name;
  expect(refOf('lookup')).toBe(secret.replace('pooler', 'lookup'));
  expect(refOf('', { connection_pooler_user: 'other' })).toBe(secret.replace('pooler', 'other'));
  for (const user of ['postgres', 'standby', 'admin']) expect(refOf(user)).toBe(secret);
  // A user of the manifest keeps its one Secret.
  const names = [
    ...rendered({ spec: { users: { lookup: [] }, connectionPooler: { user: 'lookup' } } }).keys(),
  ];
  expect(names.filter((name) => name.includes('lookup'))).toEqual([
    `Secret ${secret.replace('pooler', 'lookup')}`,
  ]);
});

test('a certificate of the manifest is for the clients of the pooler, too', () => {
  const tls = { secretName: 'certs', caFile: 'ca.crt', caSecretName: 'ca' };
  const { pod, container: given } = podOf({ spec: { enableConnectionPooler: true, tls } });
  expect(given.env?.slice(12)).toEqual([
    { name: 'CONNECTION_POOLER_CLIENT_TLS_CRT', value: '/tls/tls.crt' },
    { name: 'CONNECTION_POOLER_CLIENT_TLS_KEY', value: '/tls/tls.key' },
    { name: 'CONNECTION_POOLER_CLIENT_CA_FILE', value: '/tlsca/ca.crt' },
  ]);
  expect(given.volumeMounts?.map(({ mountPath }) => mountPath)).toEqual([
    '/tls',
    '/tlsca',
    '/etc/pgbouncer/userlist.txt',
  ]);
  expect(pod.volumes?.map(({ name }) => name)).toEqual(['certs', 'ca', 'acid-demo-pooler-u']);
});

test('the list of users has the password of the role, wherever that comes from', () => {
  const list = (remembered: TestInput['remembered']) => {
    const input = remembered === undefined ? on : { ...on, remembered };
    const { data } = renderedOne('Secret acid-demo-pooler-u', input) as Secret;
    return Buffer.from(data?.['userlist.txt'] ?? '', 'base64').toString();
  };
  const known = { credentials: { username: 'pooler', password: 'ge"heim' } };
  expect(list({ secrets: new Map([[secret, known]]) })).toBe('"pooler" "ge""heim"\n');
  const fresh = { credentials: undefined, upcoming: { username: 'pooler', password: 'new' } };
  expect(list({ secrets: new Map([[secret, fresh]]) })).toBe('"pooler" "new"\n');
});
