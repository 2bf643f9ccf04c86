import { expect, test } from 'vitest';
import { differences, rendered, renderedOne, type TestInput } from '../testing/rendered.ts';

const suffix = 'acid-demo.credentials.postgresql.acid.zalan.do';
const secrets = (input: TestInput) =>
  [...rendered(input).keys()].filter((name) => name.startsWith('Secret ')).map((name) => name.slice(7));

test('which roles have a Secret', () => {
  const users = { foo_user: [], group: ['nologin' as const], GROUP: ['NOLOGIN' as const], admin: [] };
  expect(secrets({ spec: { users } })).toEqual([
    `postgres.${suffix}`,
    `standby.${suffix}`,
    `foo-user.${suffix}`,
  ]);
  const configuration = { super_username: 'root', replication_username: 'repl' };
  expect(secrets({ spec: { users: { root: [] } }, configuration })).toEqual([
    `root.${suffix}`,
    `repl.${suffix}`,
  ]);
});

test('every placeholder of the template', () => {
  const template = 'x-{tprgroup}.{tprkind}.{cluster}.{username}-{username}';
  expect(secrets({ configuration: { secret_name_template: template } }).at(-1)).toBe(
    'x-acid.zalan.do.postgresql.acid-demo.foo-user-foo-user',
  );
});

test('a Secret in another namespace says whose it is, and has no owners', () => {
  const input: TestInput = {
    spec: { users: { 'apps.the_user': [], plain: [] } },
    configuration: { enable_owner_references: true },
  };
  const name = `apps.the-user.${suffix}`;
  expect(secrets(input)).toContain(name);
  expect(renderedOne(`Secret ${name}`, input).metadata).toHaveProperty('ownerReferences');
  const across = { ...input, configuration: { ...input.configuration, enable_cross_namespace_secret: true } };
  expect(differences(input, across)).toEqual([`Secret ${name}`, `Secret apps/${name}`]);
  expect(renderedOne(`Secret apps/${name}`, across).metadata).toEqual({
    name,
    namespace: 'apps',
    labels: {
      application: 'spilo',
      'cluster-name': 'acid-demo',
      team: 'acid',
      'pgherd.dev/cluster-namespace': 'default',
    },
  });
});

test('objects inherit labels, annotations and owners', () => {
  const owner = { apiVersion: 'v1', kind: 'ConfigMap', name: 'parent', uid: 'p' };
  const input = {
    metadata: { labels: { a: '1', b: '2' }, annotations: { c: '3', d: '4' }, ownerReferences: [owner] },
    configuration: { inherited_labels: ['a'], inherited_annotations: ['c'], enable_owner_references: true },
  } as TestInput;
  const owners = [
    owner,
    {
      apiVersion: 'acid.zalan.do/v1',
      kind: 'postgresql',
      name: 'acid-demo',
      uid: 'uid-of-the-manifest',
      controller: true,
    },
  ];
  for (const name of ['StatefulSet acid-demo', 'Service acid-demo', `Secret postgres.${suffix}`]) {
    const { metadata } = renderedOne(name, input);
    expect(metadata).toMatchObject({ labels: { a: '1' }, annotations: { c: '3' }, ownerReferences: owners });
    expect(metadata.labels).not.toHaveProperty('b');
    expect(metadata.annotations).not.toHaveProperty('d');
  }
  // What Patroni makes gets these and nothing else.
  for (const name of ['Service acid-demo-config', 'Endpoints acid-demo', 'Endpoints acid-demo-sync']) {
    expect(renderedOne(name, input).metadata).toEqual({
      name: name.split(' ')[1],
      namespace: 'default',
      annotations: { c: '3' },
      ownerReferences: owners,
    });
  }
  expect([...rendered({ configuration: { kubernetes_use_configmaps: true } }).keys()].slice(-4)).toEqual([
    'ConfigMap acid-demo-leader',
    'ConfigMap acid-demo-config',
    'ConfigMap acid-demo-failover',
    'ConfigMap acid-demo-sync',
  ]);
});

test('annotations for downscalers are on what has replicas', () => {
  const input: TestInput = {
    spec: { enableConnectionPooler: true },
    metadata: { annotations: { 'downscaler/uptime': 'x', other: 'y' } },
  };
  const after = { ...input, configuration: { downscaler_annotations: ['scaler/up'] } };
  expect(differences(input, after)).toEqual([
    'StatefulSet acid-demo metadata.annotations',
    'Deployment acid-demo-pooler metadata.annotations',
  ]);
  expect(renderedOne('StatefulSet acid-demo', after).metadata.annotations).toEqual({
    'downscaler/uptime': 'x',
  });
});
