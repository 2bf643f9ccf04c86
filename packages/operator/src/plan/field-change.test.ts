import type { KubeObject } from '@pgherd/kube/objects';
import { expect, test } from 'vitest';
import { fieldChanges, printChange } from './field-change.ts';

function changes(desired: Record<string, unknown>, live: Record<string, unknown>): string[] {
  const object = (fields: Record<string, unknown>): KubeObject => ({ metadata: { name: 'x' }, ...fields });
  return fieldChanges(object(desired), object(live)).map(printChange);
}

test('what the server defaulted and what others wrote is no difference', () => {
  expect(
    changes(
      { metadata: { labels: { a: '1' } }, spec: { type: 'ClusterIP' } },
      {
        metadata: { labels: { a: '1', theirs: '2' }, annotations: { theirs: 'x' } },
        spec: { type: 'ClusterIP', clusterIP: '10.0.0.1', sessionAffinity: 'None' },
      },
    ),
  ).toEqual([]);
});

test('quantities are compared by amount', () => {
  const spec = (cpu: string, memory: string) => ({ spec: { resources: { requests: { cpu, memory } } } });
  expect(changes(spec('1000m', '1Gi'), spec('1', '1024Mi'))).toEqual([]);
  expect(changes(spec('100m', '1Gi'), spec('0.1', '1G'))).toEqual([
    'spec.resources.requests.memory: 1G → 1Gi',
  ]);
});

test('containers and variables are matched by name, other lists are compared as a whole', () => {
  const pod = (env: object[], args: string[]) => ({
    spec: { containers: [{ name: 'postgres', env, args }] },
  });
  const live = pod(
    [
      { name: 'B', value: '2' },
      { name: 'A', value: '1' },
    ],
    ['x', 'y'],
  );
  expect(
    changes(
      pod(
        [
          { name: 'A', value: '1' },
          { name: 'B', value: '2' },
        ],
        ['x', 'y'],
      ),
      live,
    ),
  ).toEqual([]);
  expect(changes(pod([{ name: 'A', value: '9' }], ['y', 'x']), live)).toEqual([
    'spec.containers[name=postgres].env[name=A].value: 1 → 9',
    'spec.containers[name=postgres].args: ["x","y"] → ["y","x"]',
  ]);
});

test('in a list that is compared as a whole, what is different inside of its objects is named', () => {
  const set = (...sizes: string[]) => ({
    spec: {
      volumeClaimTemplates: sizes.map((storage) => ({ spec: { resources: { requests: { storage } } } })),
    },
  });
  const path = 'spec.volumeClaimTemplates';
  expect(changes(set('2Gi'), set('2048Mi'))).toEqual([]);
  expect(changes(set('2Gi', '5Gi'), set('1Gi', '5Gi'))).toEqual([
    `${path}[0].spec.resources.requests.storage: 1Gi → 2Gi`,
  ]);
  expect(changes(set('2Gi'), set('2Gi', '5Gi'))).toEqual([
    expect.stringMatching(/^spec\.volumeClaimTemplates: \[/),
  ]);
});

test('JSON in a variable is compared by value', () => {
  const pod = (value: string) => ({ spec: { containers: [{ name: 'p', env: [{ name: 'A', value }] }] } });
  expect(changes(pod('{"a":1,"b":2}'), pod('{ "b": 2, "a": 1 }'))).toEqual([]);
  expect(changes(pod('{"a":1}'), pod('{"a":2}'))).toHaveLength(1);
});

test('a field that we own and do not want any more is a difference', () => {
  const live = {
    metadata: {
      name: 'x',
      labels: { kept: '1', gone: '2' },
      managedFields: [
        {
          manager: 'pgherd',
          operation: 'Apply',
          fieldsV1: {
            'f:metadata': { 'f:labels': { 'f:kept': {}, 'f:gone': {} } },
            'f:spec': {
              'f:containers': {
                'k:{"name":"p"}': {
                  '.': {},
                  'f:name': {},
                  'f:env': { 'k:{"name":"OLD"}': { '.': {}, 'f:name': {}, 'f:value': {} } },
                },
              },
            },
          },
        },
        { manager: 'other', operation: 'Update', fieldsV1: { 'f:spec': { 'f:theirs': {} } } },
      ],
    },
    spec: { theirs: true, containers: [{ name: 'p', env: [{ name: 'OLD', value: 'x' }] }] },
  };
  const desired = { metadata: { name: 'x', labels: { kept: '1' } }, spec: { containers: [{ name: 'p' }] } };
  expect(changes(desired, live)).toEqual([
    'metadata.labels.gone: 2 → (removed)',
    'spec.containers[name=p].env: [{"name":"OLD","value":"x"}] → (removed)',
  ]);
});

test('nothing that could be a password is printed', () => {
  expect(changes({ data: { password: 'bmV1' } }, { data: { password: 'YWx0' } })).toEqual([
    'data.password: (hidden) → (hidden)',
  ]);
  const pod = (value: string) => ({
    spec: { containers: [{ name: 'p', env: [{ name: 'CLONE_AWS_SECRET_ACCESS_KEY', value }] }] },
  });
  expect(changes(pod('a'), pod('b'))).toEqual([
    'spec.containers[name=p].env[name=CLONE_AWS_SECRET_ACCESS_KEY].value: (hidden) → (hidden)',
  ]);
});

test('the order of requirements of a node says nothing', () => {
  const of = (...keys: string[]) => ({
    metadata: { name: 'x' },
    spec: { matchExpressions: keys.map((key) => ({ key, operator: 'In', values: ['v'] })) },
  });
  expect(fieldChanges(of('a', 'b'), of('b', 'a'))).toEqual([]);
  expect(fieldChanges(of('a', 'b'), of('b', 'c'))).toHaveLength(1);
});

test('a secret in something that is added or removed as a whole is hidden too', () => {
  const container = { name: 's', env: [{ name: 'SCALYR_API_KEY', value: 'TOPSECRET' }] };
  const added = changes({ spec: { containers: [container] } }, { spec: { containers: [] } });
  expect(added).toHaveLength(1);
  expect(added.join()).not.toContain('TOPSECRET');
  expect(added.join()).toContain('(hidden)');
});

test('no secret is printed, wherever in a change it is', () => {
  const secret = { name: 'AWS_SECRET_ACCESS_KEY', value: 'geheim' };
  const path = 'spec.containers[name=backup].env[name=AWS_SECRET_ACCESS_KEY]';
  const all = [
    { path, from: undefined, to: secret },
    { path: `${path}.value`, from: 'geheim', to: 'geheimer' },
    { path: 'spec.containers[name=backup]', from: { name: 'backup', env: [secret] }, to: undefined },
    { path: 'data', from: undefined, to: { 'userlist.txt': 'geheim' } },
    { path: 'data.userlist.txt', from: 'geheim', to: 'geheimer' },
  ];
  for (const change of all) expect(printChange(change)).not.toContain('geheim');
  expect(printChange(all[0] ?? { path: '', from: '', to: '' })).toBe(
    `${path}: (unset) → {"name":"AWS_SECRET_ACCESS_KEY","value":"(hidden)"}`,
  );
});

test('a variable with JSON in it is told by what is inside', () => {
  const pod = (value: string) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'a' },
    spec: { containers: [{ name: 'postgres', env: [{ name: 'X', value }] }] },
  });
  const told = (desired: string, live: string) =>
    fieldChanges(pod(desired), pod(live)).map((change) => printChange(change));
  expect(told('{"a":1,"b":{"c":"x"}}', '{"b":{"c":"x"},"a":1}')).toEqual([]);
  expect(told('{"a":2,"b":{"c":"x"}}', '{"b":{"d":"y"}}')).toEqual([
    'spec.containers[name=postgres].env[name=X].value.a: (unset) → 2',
    'spec.containers[name=postgres].env[name=X].value.b.c: (unset) → x',
    'spec.containers[name=postgres].env[name=X].value.b.d: y → (removed)',
  ]);
});

test('what the API server leaves out because it says nothing is no difference, or it would be written for ever', () => {
  const pod = (postgres: object) => ({
    spec: { template: { spec: { containers: [{ name: 'sidecar', ...postgres }] } } },
  });
  const wanted = pod({
    env: [{ name: 'EMPTY', value: '' }],
    volumeMounts: [{ mountPath: '/data', readOnly: false, subPath: '' }],
    readinessProbe: { initialDelaySeconds: 0 },
    tty: false,
  });
  const stored = pod({
    env: [{ name: 'EMPTY' }],
    volumeMounts: [{ mountPath: '/data' }],
    readinessProbe: {},
  });
  expect(changes(wanted, stored)).toEqual([]);
  expect(changes(pod({ env: [{ name: 'EMPTY', value: '' }] }), pod({ env: [] }))).toHaveLength(1);
});

test('an empty or zero value that means something else than none is a difference', () => {
  expect(changes({ metadata: { labels: { a: '' } } }, { metadata: { labels: { b: '1' } } })).toHaveLength(1);
  expect(changes({ metadata: { annotations: { a: '' } } }, { metadata: {} })).toHaveLength(1);
  expect(changes({ spec: { storageClassName: '' } }, { spec: { x: 1 } })).toHaveLength(1);
  expect(changes({ spec: { runAsUser: 0 } }, { spec: { x: 1 } })).toHaveLength(1);
  expect(changes({ spec: { allowPrivilegeEscalation: false } }, { spec: { x: 1 } })).toHaveLength(1);
});

test('a password within a list is not printed either', () => {
  const pod = (line: string) => ({
    spec: {
      containers: [
        {
          name: 'postgres',
          env: [{ name: 'SPILO_CONFIGURATION', value: JSON.stringify({ bootstrap: { pg_hba: [line] } }) }],
        },
      ],
    },
  });
  const [change = ''] = changes(
    pod('host all all all ldap ldapbindpasswd="hidden one"'),
    pod('host all all all ldap ldapbindpasswd=hidden'),
  );
  expect(change).toContain('ldapbindpasswd=');
  expect(change).not.toContain('hidden');
});

test('an empty text or zero that the API server fills in asks for the default', () => {
  const probe = (timeoutSeconds: number, terminationMessagePolicy: string) => ({
    spec: {
      containers: [{ name: 'sidecar', terminationMessagePolicy, livenessProbe: { timeoutSeconds } }],
    },
  });
  expect(changes(probe(0, ''), probe(1, 'File'))).toEqual([]);
  expect(changes(probe(0, ''), probe(5, 'FallbackToLogsOnError'))).toHaveLength(2);
});
