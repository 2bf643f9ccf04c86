import type { KubeObject } from '@pgherd/kube/objects';
import { expect, test } from 'vitest';
import { humanDuration } from './human-duration.ts';
import { toTable } from './to-table.ts';

const now = Date.parse('2024-01-01T01:00:00Z');
const metadata = { name: 'x', namespace: 'd', creationTimestamp: '2024-01-01T00:00:00Z' };
const cells = (group: string, plural: string, object: Record<string, unknown>): unknown[] =>
  toTable({ group, plural }, [{ metadata, ...object }], { includeObject: 'None', now }).rows[0]?.cells ?? [];

test.each([
  [0, '0s'],
  [119, '119s'],
  [120, '2m'],
  [125, '2m5s'],
  [600, '10m'],
  [3 * 3600 + 60, '3h1m'],
  [8 * 3600 + 60, '8h'],
  [50 * 3600, '2d2h'],
  [9 * 86400, '9d'],
  [800 * 86400, '2y70d'],
  [-5, '<invalid>'],
])('%d seconds are %s', (seconds, shown) => {
  expect(humanDuration(seconds * 1000)).toBe(shown);
});

const running = { state: { running: {} }, ready: true, restartCount: 0 };
const pod = (status: object, more: object = {}): unknown[] =>
  cells('', 'pods', {
    spec: { containers: [{ name: 'a' }, { name: 'b' }], nodeName: 'n' },
    status,
    ...more,
  }).slice(0, 5);

test('pods: what is printed stays as it was, because it is the stored object', () => {
  const statuses = Object.freeze([running, { state: { waiting: { reason: 'ImagePullBackOff' } } }]);
  expect(pod({ phase: 'Pending', containerStatuses: statuses })[2]).toBe('ImagePullBackOff');
});

test('pods: ready, status, restarts', () => {
  expect(pod({ phase: 'Running', containerStatuses: [running, running] })).toEqual([
    'x',
    '2/2',
    'Running',
    '0',
    '60m',
  ]);
  const crashed = {
    restartCount: 3,
    state: { waiting: { reason: 'CrashLoopBackOff' } },
    lastState: { terminated: { finishedAt: '2024-01-01T00:58:00Z' } },
  };
  expect(pod({ phase: 'Running', containerStatuses: [running, crashed] })).toEqual([
    'x',
    '1/2',
    'CrashLoopBackOff',
    '3 (2m ago)',
    '60m',
  ]);
  const done = { state: { terminated: { exitCode: 0, reason: 'Completed' } } };
  expect(pod({ phase: 'Running', containerStatuses: [running, done] })[2]).toBe('NotReady');
  expect(pod({ phase: 'Pending', initContainerStatuses: [{ state: { running: {} } }] })[2]).toBe('Init:0/0');
  const killed = { state: { terminated: { exitCode: 137 } } };
  expect(pod({ phase: 'Failed', containerStatuses: [killed] })[2]).toBe('ExitCode:137');
  const deleted = { metadata: { ...metadata, deletionTimestamp: metadata.creationTimestamp } };
  expect(pod({ phase: 'Running', containerStatuses: [running] }, deleted)[2]).toBe('Terminating');
});

test.each<[string, string, Record<string, unknown>, unknown[]]>([
  [
    '',
    'services',
    {
      spec: {
        type: 'NodePort',
        clusterIP: '10.0.0.1',
        ports: [{ port: 5432, nodePort: 30000, protocol: 'TCP' }],
        selector: { b: '2', a: '1' },
      },
    },
    ['x', 'NodePort', '10.0.0.1', '<none>', '5432:30000/TCP', '60m', 'a=1,b=2'],
  ],
  [
    '',
    'services',
    { spec: { type: 'LoadBalancer', clusterIP: 'None', ports: [] } },
    ['x', 'LoadBalancer', 'None', '<pending>', '<none>', '60m', '<none>'],
  ],
  [
    '',
    'endpoints',
    {
      subsets: [
        { addresses: ['1', '2', '3', '4'].map((n) => ({ ip: `10.0.0.${n}` })), ports: [{ port: 1 }] },
      ],
    },
    ['x', '10.0.0.1:1,10.0.0.2:1,10.0.0.3:1 + 1 more...', '60m'],
  ],
  ['', 'endpoints', {}, ['x', '<none>', '60m']],
  [
    'apps',
    'statefulsets',
    {
      spec: { replicas: 2, template: { spec: { containers: [{ name: 'c', image: 'i' }] } } },
      status: { readyReplicas: 1 },
    },
    ['x', '1/2', '60m', 'c', 'i'],
  ],
  [
    '',
    'persistentvolumeclaims',
    {
      spec: { volumeName: 'v', storageClassName: 's', volumeMode: 'Filesystem' },
      status: { phase: 'Bound', capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'] },
    },
    ['x', 'Bound', 'v', '1Gi', 'RWO', 's', '<unset>', '60m', 'Filesystem'],
  ],
  ['', 'configmaps', { data: { a: '' }, binaryData: { b: '' } }, ['x', 2, '60m']],
  ['coordination.k8s.io', 'leases', { spec: { holderIdentity: 'me' } }, ['x', 'me', '60m']],
  [
    'policy',
    'poddisruptionbudgets',
    { spec: { minAvailable: 1 }, status: { disruptionsAllowed: 0 } },
    ['x', '1', 'N/A', 0, '60m'],
  ],
  [
    'storage.k8s.io',
    'storageclasses',
    {
      provisioner: 'p',
      metadata: { ...metadata, annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } },
    },
    ['x (default)', 'p', 'Delete', '<unset>', false, '60m'],
  ],
  [
    '',
    'events',
    {
      type: 'Normal',
      reason: 'R',
      message: ' m\n',
      involvedObject: { kind: 'Pod', name: 'p' },
      source: { component: 'c', host: 'h' },
      lastTimestamp: '2024-01-01T00:59:00Z',
      firstTimestamp: '2024-01-01T00:58:50Z',
      count: 2,
    },
    ['60s', 'Normal', 'R', 'pod/p', '', 'c, h', 'm', '70s', 2, 'x'],
  ],
  ['unknown', 'things', {}, ['x', '60m']],
])('%s %s', (group, plural, object, expected) => {
  expect(cells(group, plural, object)).toEqual(expected);
});

test('columns of a custom resource come from its JSON paths', () => {
  const columns = [
    { name: 'Team', type: 'string', jsonPath: '.spec.teamId' },
    { name: 'Pods', type: 'integer', jsonPath: '.spec.numberOfInstances' },
    { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
    { name: 'Ready', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].status' },
    { name: 'First', type: 'string', jsonPath: ".spec.list[0]['a\\.b']" },
    { name: 'Label', type: 'string', jsonPath: '.metadata.labels.a\\.b/c' },
    { name: 'None', type: 'string', jsonPath: '.nope' },
  ];
  const object = {
    metadata: { ...metadata, labels: { 'a.b/c': 'l' } },
    spec: { teamId: 't', numberOfInstances: 2, list: [{ 'a\\.b': 'q' }] },
    status: {
      conditions: [
        { type: 'Other', status: 'a' },
        { type: 'Ready', status: 'True' },
      ],
    },
  };
  const table = toTable({ group: 'g', plural: 'p', custom: { columns } }, [object], {
    includeObject: 'Metadata',
    now,
  });
  expect(table.columnDefinitions.map((c) => c.name)).toEqual([
    'Name',
    'Team',
    'Pods',
    'Age',
    'Ready',
    'First',
    'Label',
    'None',
  ]);
  expect(table.rows).toEqual([
    {
      cells: ['x', 't', 2, '60m', 'True', 'q', 'l', null],
      object: { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: object.metadata },
    },
  ]);
});

test('no object is too odd to be shown, and every row has a cell for each column', () => {
  const kinds = [
    ['', 'pods'],
    ['', 'services'],
    ['', 'nodes'],
    ['', 'events'],
    ['', 'endpoints'],
    ['apps', 'statefulsets'],
    ['rbac.authorization.k8s.io', 'rolebindings'],
    ['apps', 'controllerrevisions'],
    ['discovery.k8s.io', 'endpointslices'],
    ['', 'persistentvolumes'],
    ['batch', 'jobs'],
    ['batch', 'cronjobs'],
  ] as const;
  for (const [group, plural] of kinds) {
    for (const spec of [undefined, null, 1, [], { containers: 3, ports: [null] }]) {
      const odd = { metadata: {}, spec, status: spec, subsets: spec } as KubeObject;
      const table = toTable({ group, plural }, [odd], { includeObject: 'Object', now });
      expect(table.rows[0]?.cells).toHaveLength(table.columnDefinitions.length);
    }
  }
});

// A real cluster declares these columns as strings and fills them with numbers; clients sort by them.
test('counts are numbers', () => {
  const cells = (group: string, plural: string, object: object) =>
    toTable({ group, plural }, [{ metadata: { name: 'x' }, ...object }], { includeObject: 'None', now: 0 })
      .rows[0]?.cells;
  expect(cells('', 'configmaps', { data: { a: '' }, binaryData: { b: '' } })?.[1]).toBe(2);
  expect(cells('', 'secrets', { type: 'Opaque', data: { a: '' } })?.[2]).toBe(1);
  expect(cells('', 'serviceaccounts', {})?.[1]).toBe(0);
  expect(cells('apps', 'controllerrevisions', { revision: 7 })?.[2]).toBe(7);
  expect(cells('apps', 'deployments', { status: { updatedReplicas: 3 } })?.slice(2, 4)).toEqual([3, 0]);
});

test('jobs: what holds, how many, how long', () => {
  const cells = (spec: object, status: object, metadata: object = {}) =>
    toTable({ group: 'batch', plural: 'jobs' }, [{ metadata, spec, status }], {
      includeObject: 'None',
      now: Date.parse('2026-01-01T00:05:00Z'),
    }).rows[0]?.cells.slice(1, 4);
  const startTime = '2026-01-01T00:00:00Z';
  const complete = {
    startTime,
    completionTime: '2026-01-01T00:00:42Z',
    succeeded: 2,
    conditions: [{ type: 'Complete', status: 'True' }],
  };
  expect(cells({ completions: 2 }, complete)).toEqual(['Complete', '2/2', '42s']);
  expect(cells({ parallelism: 3 }, { startTime })).toEqual(['Running', '0/1 of 3', '5m']);
  expect(cells({ completions: 1 }, {}, { deletionTimestamp: startTime })).toEqual(['Terminating', '0/1', '']);
  const suspended = { conditions: [{ type: 'Suspended', status: 'True' }] };
  expect(cells({ completions: 1 }, suspended)?.[0]).toBe('Suspended');
});

test('cron jobs: schedule, zone, what runs, when it ran last', () => {
  const template = { spec: { containers: [{ name: 'dump', image: 'dump:1' }] } };
  const cells = (spec: object, status: object) =>
    toTable({ group: 'batch', plural: 'cronjobs' }, [{ metadata: {}, spec, status }], {
      includeObject: 'None',
      now: Date.parse('2026-01-01T00:05:00Z'),
    }).rows[0]?.cells;
  const spec = { schedule: '0 1 * * *', suspend: false, jobTemplate: { spec: { template } } };
  expect(cells(spec, {})?.slice(1, 6)).toEqual(['0 1 * * *', '<none>', 'False', 0, '<none>']);
  const status = { active: [{}], lastScheduleTime: '2026-01-01T00:00:00Z' };
  const full = cells({ ...spec, timeZone: 'Europe/Paris', suspend: true }, status);
  expect(full?.slice(2, 6)).toEqual(['Europe/Paris', 'True', 1, '5m']);
  expect(full?.slice(7, 9)).toEqual(['dump', 'dump:1']);
});
