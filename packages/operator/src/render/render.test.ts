import type { Service, StatefulSet } from '@pgherd/kube/objects';
import { expect, test } from 'vitest';
import { testConfiguration, testManifest, testRemembered } from '../testing/cluster.ts';
import { renderedOne } from '../testing/rendered.ts';
import type { RenderInput } from './input.ts';
import { render } from './render.ts';

function input(changes: Partial<RenderInput> = {}): RenderInput {
  return {
    manifest: testManifest(),
    configuration: testConfiguration(),
    remembered: testRemembered(),
    ...changes,
  };
}

function objectsOf(given: RenderInput) {
  const all = render(given).map(({ object }) => object);
  const one = (kind: string, name: string) => {
    const found = all.find((object) => object.kind === kind && object.metadata.name === name);
    if (found === undefined)
      throw new Error(
        `no ${kind} ${name} among ${all.map((o) => `${o.kind} ${o.metadata.name}`).join(', ')}`,
      );
    return found;
  };
  return { all, one };
}

function podOf(given: RenderInput) {
  const { one } = objectsOf(given);
  const spec = (one('StatefulSet', 'acid-demo') as StatefulSet).spec;
  const pod = spec?.template.spec;
  const [postgres] = pod?.containers ?? [];
  if (spec === undefined || pod === undefined || postgres === undefined) throw new Error('no pod template');
  return { spec, pod, postgres };
}

test('names every object as Zalando does', () => {
  const own = render(input()).filter(({ care }) => care !== 'merged');
  const names = own.map(({ object }) => `${object.kind} ${object.metadata.name}`);
  expect(names).toEqual([
    'ServiceAccount postgres-pod',
    'RoleBinding postgres-pod',
    'Secret postgres.acid-demo.credentials.postgresql.acid.zalan.do',
    'Secret standby.acid-demo.credentials.postgresql.acid.zalan.do',
    'Secret foo-user.acid-demo.credentials.postgresql.acid.zalan.do',
    'Service acid-demo',
    'Service acid-demo-repl',
    'PodDisruptionBudget postgres-acid-demo-pdb',
    'PodDisruptionBudget postgres-acid-demo-critical-op-pdb',
    'StatefulSet acid-demo',
  ]);
  const byPatroni = render(input()).filter(({ care }) => care === 'merged');
  expect(byPatroni.map(({ object }) => `${object.kind} ${object.metadata.name}`)).toEqual([
    'Service acid-demo-config',
    'Endpoints acid-demo',
    'Endpoints acid-demo-config',
    'Endpoints acid-demo-failover',
    'Endpoints acid-demo-sync',
  ]);
});

test('gives the database container its environment in the order of Zalando', () => {
  const { postgres } = podOf(input());
  expect(postgres.env?.map(({ name }) => name)).toEqual([
    'SCOPE',
    'PGROOT',
    'POD_IP',
    'POD_NAMESPACE',
    'PGUSER_SUPERUSER',
    'KUBERNETES_SCOPE_LABEL',
    'KUBERNETES_ROLE_LABEL',
    'PGPASSWORD_SUPERUSER',
    'PGUSER_STANDBY',
    'PGPASSWORD_STANDBY',
    'PAM_OAUTH2',
    'HUMAN_ROLE',
    'PGVERSION',
    'KUBERNETES_LABELS',
    'SPILO_CONFIGURATION',
    'DCS_ENABLE_KUBERNETES_API',
    'KUBERNETES_BOOTSTRAP_LABELS',
  ]);
  const value = (name: string) => postgres.env?.find((variable) => variable.name === name);
  expect(value('SCOPE')?.value).toBe('acid-demo');
  expect(value('KUBERNETES_LABELS')?.value).toBe('{"application":"spilo"}');
  expect(value('SPILO_CONFIGURATION')?.value).toBe(
    '{"postgresql":{},"bootstrap":{"initdb":[{"auth-host":"scram-sha-256"},{"auth-local":"trust"}],"dcs":{"failsafe_mode":true,"primary_start_timeout":5}}}',
  );
  expect(value('PGPASSWORD_SUPERUSER')?.valueFrom?.secretKeyRef).toEqual({
    name: 'postgres.acid-demo.credentials.postgresql.acid.zalan.do',
    key: 'password',
  });
});

test('splits parameters into local ones and those of the dynamic configuration', () => {
  const manifest = testManifest({
    dockerImage: 'registry.example/spilo:1',
    postgresql: { version: '17', parameters: { shared_buffers: '32MB', max_connections: '10' } },
    patroni: { ttl: 20, synchronous_mode: true, initdb: { 'data-checksums': 'true', locale: 'C' } },
  });
  const { postgres } = podOf(input({ manifest }));
  const text = postgres.env?.find(({ name }) => name === 'SPILO_CONFIGURATION')?.value ?? '';
  expect(JSON.parse(text)).toEqual({
    postgresql: { parameters: { shared_buffers: '32MB' } },
    bootstrap: {
      initdb: [
        { 'auth-host': 'scram-sha-256' },
        { 'auth-local': 'trust' },
        'data-checksums',
        { locale: 'C' },
      ],
      dcs: {
        ttl: 20,
        synchronous_mode: true,
        postgresql: { parameters: { max_connections: '10' } },
        failsafe_mode: true,
        primary_start_timeout: 5,
      },
    },
  });
});

test('an existing cluster keeps its bootstrap configuration', () => {
  const remembered = testRemembered({ statefulSet: { bootstrap: { dcs: { ttl: 77 } } } });
  const { postgres } = podOf(input({ remembered, manifest: testManifest({ patroni: { ttl: 20 } }) }));
  const text = postgres.env?.find(({ name }) => name === 'SPILO_CONFIGURATION')?.value ?? '';
  expect(JSON.parse(text)).toMatchObject({ bootstrap: { dcs: { ttl: 77 } } });
});

test('a new cluster runs as the user and group of the image', () => {
  const { pod } = podOf(input());
  expect(pod.securityContext).toEqual({ runAsUser: 101, runAsGroup: 103, fsGroup: 103 });
});

test('with Endpoints the Service of the primary has no selector, with ConfigMaps it selects the primary', () => {
  const inStore = (store: 'endpoints' | 'configmaps') =>
    input({ configuration: testConfiguration({ kubernetes_use_configmaps: store === 'configmaps' }) });
  const service = (store: 'endpoints' | 'configmaps') =>
    objectsOf(inStore(store)).one('Service', 'acid-demo') as Service;
  expect(service('endpoints').spec?.selector).toBeUndefined();
  expect(service('configmaps').spec?.selector).toEqual({
    application: 'spilo',
    'cluster-name': 'acid-demo',
    'spilo-role': 'master',
  });
  const env = podOf(inStore('configmaps')).postgres.env;
  expect(env?.at(-1)).toEqual({ name: 'KUBERNETES_USE_CONFIGMAPS', value: 'true' });
});

test('a Secret gets a password only when it does not exist', () => {
  const name = 'foo-user.acid-demo.credentials.postgresql.acid.zalan.do';
  const fresh = testRemembered({
    secrets: new Map([
      [name, { credentials: undefined, fresh: { username: 'foo_user', password: 'geheim' } }],
    ]),
  });
  expect(objectsOf(input({ remembered: fresh })).one('Secret', name)).toMatchObject({
    type: 'Opaque',
    data: {
      username: Buffer.from('foo_user').toString('base64'),
      password: Buffer.from('geheim').toString('base64'),
    },
  });
  const existing = testRemembered({
    secrets: new Map([[name, { credentials: { username: 'foo_user', password: 'other' } }]]),
  });
  expect(objectsOf(input({ remembered: existing })).one('Secret', name)).not.toHaveProperty('data');
});

test('users with reserved names get no Secret', () => {
  const manifest = testManifest({ users: { postgres: [], admin: [], cron_admin: [], standby: [] } });
  const secrets = render(input({ manifest })).filter(({ object }) => object.kind === 'Secret');
  expect(secrets).toHaveLength(2);
});

test('a variable of the manifest never replaces one that the cluster cannot work without', () => {
  const manifest = testManifest({
    env: [
      { name: 'scope', value: 'other' },
      { name: 'TZ', value: 'UTC' },
    ],
  });
  const { postgres } = podOf(input({ manifest }));
  expect(postgres.env?.filter(({ name }) => name.toLowerCase() === 'scope')).toEqual([
    { name: 'SCOPE', value: 'acid-demo' },
  ]);
  expect(postgres.env?.at(-1)).toEqual({ name: 'TZ', value: 'UTC' });
});

test('limits of instances and resources of the operator are applied', () => {
  const configuration = testConfiguration({
    max_instances: 3,
    min_instances: 1,
    default_cpu_request: '100m',
    min_memory_limit: '250Mi',
    max_cpu_request: '1',
  });
  const manifest = testManifest({
    numberOfInstances: 9,
    resources: { requests: { cpu: '2', memory: '300Mi' }, limits: { memory: '100Mi' } },
  });
  const { spec, postgres } = podOf(input({ configuration, manifest }));
  expect(spec.replicas).toBe(3);
  expect(postgres.resources).toEqual({
    requests: { cpu: '1', memory: '300Mi' },
    limits: { memory: '300Mi' },
  });
});

test('disruption budgets protect nothing when the cluster is stopped', () => {
  const { one } = objectsOf(input({ manifest: testManifest({ numberOfInstances: 0 }) }));
  expect(one('PodDisruptionBudget', 'postgres-acid-demo-pdb')['spec']).toMatchObject({ minAvailable: 0 });
  expect(one('PodDisruptionBudget', 'postgres-acid-demo-critical-op-pdb')['spec']).toMatchObject({
    maxUnavailable: '100%',
  });
});

test('an inherited label may be the team, but none that is selected by', () => {
  const labels = { team: 'inherited', application: 'other', 'cluster-name': 'other' };
  const input = {
    metadata: { labels },
    configuration: { inherited_labels: ['team', 'application', 'cluster-name', 'absent'] },
  };
  expect(renderedOne('StatefulSet acid-demo', input).metadata.labels).toEqual({
    application: 'spilo',
    'cluster-name': 'acid-demo',
    team: 'inherited',
  });
});

test('a cluster without a team has an empty label, as with Zalando', () => {
  expect(renderedOne('StatefulSet acid-demo', { spec: { teamId: '' } }).metadata.labels).toMatchObject({
    team: '',
  });
});

test('the order of keys in the configuration does not matter', () => {
  const labels = { zone: 'b', application: 'spilo' };
  const turned = { application: 'spilo', zone: 'b' };
  const of = (cluster_labels: Record<string, string>) =>
    JSON.stringify(renderedOne('StatefulSet acid-demo', { configuration: { cluster_labels } })['spec']).match(
      /KUBERNETES_LABELS.{80}/,
    )?.[0];
  expect(of(labels)).toContain('application');
  expect(of(labels)).toBe(of(turned));
});

test('the order of keys in the manifest does not matter', () => {
  const one = testManifest({
    users: { a: [], b: [] },
    postgresql: { version: '17', parameters: { x: '1', y: '2' } },
  });
  const other = testManifest({
    users: { b: [], a: [] },
    postgresql: { version: '17', parameters: { y: '2', x: '1' } },
  });
  expect(JSON.stringify(render(input({ manifest: one })))).toBe(
    JSON.stringify(render(input({ manifest: other }))),
  );
});
