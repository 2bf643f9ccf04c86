import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readStatus } from '@pgherd/api';
import { configMaps, deployments, roleBindings, roles, serviceAccounts } from '@pgherd/kube/objects';
import { postgresqls } from '@pgherd/operator';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { eventually } from '../support/eventually.ts';
import { OperatorLab } from '../support/operator-lab.ts';
import { PlayedCluster } from '../support/played-cluster.ts';

/** `pgherd plan` as people run it, against the real API server; the operator then does what was printed. */

const key = { namespace: 'default', name: 'acid-demo' };
const command = fileURLToPath(new URL('../../packages/cli/bin/pgherd', import.meta.url));

let lab: OperatorLab;
let directory: string;

beforeEach(async () => {
  lab = await OperatorLab.start();
  directory = mkdtempSync(join(tmpdir(), 'pgherd-plan-'));
});
afterEach(async () => {
  await lab.stop();
  rmSync(directory, { recursive: true, force: true });
});

const manifest = (spec: Record<string, unknown> = {}) => ({
  apiVersion: 'acid.zalan.do/v1',
  kind: 'postgresql',
  metadata: { name: key.name },
  spec: {
    teamId: 'acid',
    numberOfInstances: 2,
    postgresql: { version: '17' },
    volume: { size: '1Gi' },
    users: { foo_user: [] },
    databases: { foo: 'foo_user' },
    ...spec,
  },
});

interface Planned {
  configuration: string;
  errors: string[];
  warnings: string[];
  tracks: { name: string; steps: { what: string; why: string[]; disturbs: string }[] }[];
}

function run(args: string[], kubeconfig: string): Promise<{ code: number; stdout: string; stderr: string }> {
  const env = { ...process.env, KUBECONFIG: kubeconfig };
  return new Promise((resolve) => {
    execFile(command, args, { env }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

async function plan(
  args: string[],
  kubeconfig = lab.kubernetes.kubeconfig,
): Promise<Planned & { code: number }> {
  const { code, stdout, stderr } = await run(['plan', ...args, '-o', 'json'], kubeconfig);
  const [first] = JSON.parse(stdout === '' ? '[]' : stdout) as Planned[];
  if (first === undefined) throw new Error(stderr);
  return { ...first, code };
}

function fileOf(document: object): string {
  const file = join(directory, 'manifest.yaml');
  writeFileSync(file, stringify(document));
  return file;
}

const steps = ({ tracks }: Planned) => tracks.flatMap((track) => track.steps.map(({ what }) => what));

const running = () =>
  eventually('the cluster runs', async () => {
    const { metadata, status } = (await lab.client.get(postgresqls, key)) as never as {
      metadata: { generation: number };
      status?: object;
    };
    const said = readStatus(status);
    return said.PostgresClusterStatus === 'Running' && said.observedGeneration === metadata.generation;
  });

test('new, running, changed, deleted: what is printed is what happens', async () => {
  const fresh = await plan(['-f', fileOf(manifest())]);
  expect(fresh.code).toBe(2);
  expect(steps(fresh)).toContain('create statefulset acid-demo');
  expect(JSON.stringify(fresh)).not.toContain('stringData');

  lab.operate();
  const played = new PlayedCluster(lab.client, key.name, 'endpoints');
  lab.stopLater(() => played.stop());
  await lab.client.create(postgresqls, { ...manifest(), metadata: key });
  await running();
  expect(await plan([key.name])).toMatchObject({ code: 0, tracks: [], errors: [] });
  expect(await plan(['-f', fileOf(manifest())])).toMatchObject({ code: 0, tracks: [] });
  const text = await run(['plan', key.name], lab.kubernetes.kubeconfig);
  expect(text.stdout).toContain('Plan for cluster default/acid-demo');
  expect(text.stdout).toContain('Nothing to do.');

  const changed = manifest({
    podPriorityClassName: 'system-node-critical',
    users: { foo_user: [], more: [] },
  });
  const change = await plan(['-f', fileOf(changed)]);
  expect(change.code).toBe(2);
  expect(steps(change)).toEqual([
    'create secret more.acid-demo.credentials.postgresql.acid.zalan.do',
    'update statefulset acid-demo',
    'replace pod acid-demo-1',
    'switch over from acid-demo-0 to acid-demo-1',
    'replace pod acid-demo-0',
    'bring roles and databases in line',
  ]);
  // Only read so far.
  expect(await plan([key.name])).toMatchObject({ code: 0 });
  await lab.client.patch(postgresqls, key, { type: 'merge', body: { spec: changed.spec } });
  await running();
  expect(played.primaries).toEqual(['acid-demo-0', 'acid-demo-1']);
  expect(await plan(['-f', fileOf(changed)])).toMatchObject({ code: 0 });

  const deletion = await plan([key.name, '--delete']);
  expect(steps(deletion)[0]).toBe('delete statefulset acid-demo');
  const map = { enable_persistent_volume_claim_deletion: 'false' };
  await lab.client.create(configMaps, { metadata: { ...key, name: 'settings' }, data: map });
  const kept = await plan([key.name, '--delete', '--configuration', 'configmap/default/settings']);
  expect(steps(kept).filter((what) => what.includes('persistentvolumeclaim'))).toEqual([]);
  expect(kept.warnings.join()).toMatch(/volumes are kept .*pgdata-acid-demo-0, pgdata-acid-demo-1/);
});

test('the configuration is that of the operator that the manifest asks for', async () => {
  const data = {
    docker_image: 'registry.example/spilo:1',
    docker_imag: 'x',
    enable_patroni_api_tls: 'false',
  };
  await lab.client.create(configMaps, { metadata: { ...key, name: 'settings' }, data });
  const labels = { name: 'postgres-operator' };
  const env = [
    { name: 'CONFIG_MAP_NAME', value: 'settings' },
    { name: 'CONTROLLER_ID', value: 'second' },
  ];
  await lab.client.create(deployments, {
    metadata: { ...key, name: 'postgres-operator', labels },
    spec: {
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: 'o', image: 'o', env }] } },
    },
  });
  const other = await plan(['-f', fileOf(manifest())]);
  expect(other.configuration).toContain('no operator found');
  const own = manifest();
  const asks = {
    ...own,
    metadata: { ...own.metadata, annotations: { 'acid.zalan.do/controller': 'second' } },
  };
  const found = await plan(['-f', fileOf(asks)]);
  expect(found.configuration).toBe('ConfigMap default/settings');
  expect(found.warnings).toEqual([expect.stringContaining('docker_imag: pgherd does not know this setting')]);
});

test('what cannot be acted on is said with the field, and nothing is planned', async () => {
  const semantic = await plan(['-f', fileOf(manifest({ users: { foo_user: ['login', 'nologin'] } }))]);
  expect(semantic).toMatchObject({ code: 1, tracks: [] });
  expect(semantic.errors.join()).toContain('spec.users.foo_user');
  const schema = await plan(['-f', fileOf(manifest({ volume: { size: 'much' } }))]);
  expect(schema).toMatchObject({ code: 1, errors: [expect.stringContaining('spec.volume.size')] });
  const nameless = await plan(['-f', fileOf({ ...manifest(), metadata: null })]);
  expect(nameless.code).toBe(1);

  const admin = lab.kubernetes.kubeconfig;
  expect((await run(['plan', 'nothing'], admin)).code).toBe(3);
  expect((await run(['plan'], admin)).code).toBe(64);
  expect((await run(['plan', 'a', '-f', 'b'], admin)).code).toBe(64);
  expect((await run(['plan', '-f', join(directory, 'missing.yaml')], admin)).code).toBe(64);
});

test('with the rights of a developer, steps about what cannot be read are left out', async () => {
  const { client, kubernetes } = lab;
  await client.create(serviceAccounts, { metadata: { ...key, name: 'developer' } });
  const readable = [
    'pods',
    'services',
    'endpoints',
    'configmaps',
    'persistentvolumeclaims',
    'serviceaccounts',
  ];
  await client.create(roles, {
    metadata: { ...key, name: 'developer' },
    rules: [
      { apiGroups: ['acid.zalan.do'], resources: ['postgresqls'], verbs: ['get', 'list'] },
      { apiGroups: [''], resources: readable, verbs: ['list'] },
      { apiGroups: ['apps'], resources: ['statefulsets', 'deployments'], verbs: ['list'] },
      { apiGroups: ['policy'], resources: ['poddisruptionbudgets'], verbs: ['list'] },
      { apiGroups: ['rbac.authorization.k8s.io'], resources: ['rolebindings'], verbs: ['list'] },
      { apiGroups: ['batch'], resources: ['cronjobs'], verbs: ['list'] },
    ],
  });
  await client.create(roleBindings, {
    metadata: { ...key, name: 'developer' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'developer' },
    subjects: [{ kind: 'ServiceAccount', name: 'developer', namespace: 'default' }],
  });
  const planned = await plan(['-f', fileOf(manifest())], kubernetes.kubeconfigOf('default', 'developer'));
  expect(planned.warnings).toEqual(['you may not list secrets: steps about them are left out']);
  expect(steps(planned).filter((what) => what.includes('secret'))).toEqual([]);
  expect(steps(planned)).toContain('create statefulset acid-demo');

  // The roles of all clusters are where nobody but the operator may look: what knows them is left out.
  const data = { infrastructure_roles_secret_name: 'secure/roles' };
  await client.create(configMaps, { metadata: { ...key, name: 'settings' }, data });
  const withPooler = fileOf(manifest({ enableConnectionPooler: true }));
  const args = ['-f', withPooler, '--configuration', 'configmap/default/settings'];
  await client.patch(
    roles,
    { ...key, name: 'developer' },
    {
      type: 'json',
      operations: [
        {
          op: 'add',
          path: '/rules/-',
          value: { apiGroups: [''], resources: ['secrets', 'configmaps'], verbs: ['get', 'list'] },
        },
      ],
    },
  );
  const blind = await plan(args, kubernetes.kubeconfigOf('default', 'developer'));
  expect(blind.warnings).toEqual([
    'you may not read the Secrets with the roles of all clusters: steps about these roles and about poolers are left out',
  ]);
  expect(steps(blind)).toContain('create service acid-demo-pooler');
  expect(steps(blind)).not.toContain('create deployment acid-demo-pooler');
  expect(steps(blind)).not.toContain('create secret acid-demo-pooler-u');
  expect(steps(await plan(args))).toContain('create deployment acid-demo-pooler');
});
