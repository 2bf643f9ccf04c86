import { join } from 'node:path';
import { leases, pods, type Pod } from '@pgherd/kube/objects';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { projectRoot, run } from '../support/instance.ts';
import { LocalCluster } from '../support/local-cluster.ts';
import { clusterManifest } from '../support/manifests.ts';

/**
 * The operator as people install it: the manifests applied with kubectl, the operator a pod of our image with exactly the
 * rights of its manifest. The tests build on each other.
 */

const name = 'acid-minimal-cluster';
let local: LocalCluster;

beforeAll(async () => {
  local = await LocalCluster.start('operator-in-pod', {}, { operator: false });
});
afterAll(async () => {
  await local?.remove();
});

/** `make TARGET` against the cluster of this test. */
const make = (...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> =>
  run('make', ['--no-print-directory', '-C', projectRoot, ...args], {
    env: { KUBECONFIG: local.kubeconfig },
  });

const exec = (...command: string[]): Promise<string> =>
  local.kubectl('exec', 'deploy/postgres-operator', '--', ...command);

async function operatorPods(): Promise<Pod[]> {
  const { items } = await local.client.list(pods, {
    namespace: 'default',
    labelSelector: 'name=postgres-operator',
  });
  return items;
}

/** Name of the pod whose operator holds the lease. */
async function leader(): Promise<string | undefined> {
  const lease = await local.client.get(leases, { namespace: 'default', name: 'pgherd-operator' });
  // Host name and process, and the host is called like the pod.
  return lease.spec?.holderIdentity?.split('_')[0];
}

test('the manifests make an operator, and that makes a cluster', async () => {
  expect(await make('install')).toMatchObject({ code: 0 });
  await local.kubectl('apply', '-f', join(projectRoot, 'manifests/minimal-postgres-manifest.yaml'));
  await local.waitForStatus(name, 'Running');
  expect(await local.pods(name)).toHaveLength(2);
  const logs = await local.kubectl('logs', 'deploy/postgres-operator');
  expect(logs).not.toContain('missing right');
});

test('it runs as nobody in particular, and writes nothing', async () => {
  expect(await exec('id', '-u')).toBe('1000\n');
  await expect(exec('touch', '/usr/file')).rejects.toThrow('Read-only file system');
  expect(await exec('sh', '-c', 'grep CapEff /proc/1/status')).toContain('0000000000000000');
});

test('what people run inside the pod works: curl, wget, sh, and pgherd itself', async () => {
  const status = JSON.parse(await exec('curl', '-s', 'localhost:8080/status/')) as { Clusters: number };
  expect(status.Clusters).toBe(1);
  expect(await exec('sh', '-c', 'wget -qO- localhost:8080/workers/all/status')).toContain('idle');
  expect(await exec('pgherd', 'list')).toContain(name);
});

test('it asks the Teams API that the manifests play, and its people get roles', async () => {
  const teamsApi = join(projectRoot, 'manifests/fake-teams-api.yaml');
  const configure = (data: object) =>
    local.kubectl('patch', 'configmap/postgres-operator', '--type=merge', '-p', JSON.stringify({ data }));
  await local.kubectl('apply', '-f', teamsApi);
  await local.kubectl('rollout', 'status', 'deployment/fake-teams-api', '--timeout=60s');
  await configure({
    enable_teams_api: 'true',
    teams_api_url: 'http://fake-teams-api.default.svc.cluster.local/',
    postgres_superuser_teams: 'postgres_superusers',
  });
  const people = `select rolname, rolcanlogin, rolsuper from pg_roles
    where pg_has_role(rolname, 'zalandos', 'member') and rolname in ('foo', 'bar', 'boss') order by 1`;
  await eventually('there are people', async () => {
    const found = await local.pgherd('psql', name, '--', '-Atc', people);
    if (found.trim() !== 'bar|t|f\nboss|t|t\nfoo|t|f') throw new Error(found);
    return true;
  });
  await configure({ enable_teams_api: 'false', teams_api_url: null, postgres_superuser_teams: null });
  await local.kubectl('delete', '-f', teamsApi);
});

test("of two operators one works, and the other takes over when the leader's pod is deleted", async () => {
  await local.kubectl('scale', 'deployment/postgres-operator', '--replicas=2');
  await local.kubectl('rollout', 'status', 'deployment/postgres-operator', '--timeout=60s');
  const before = await eventually('there is a leader', leader);
  expect((await operatorPods()).map(({ metadata }) => metadata.name)).toContain(before);
  // Without grace: it cannot give the lease up.
  const begin = Date.now();
  await local.kubectl('delete', 'pod', before, '--grace-period=0', '--force');
  const after = await eventually('another operator leads', async () => {
    const now = await leader();
    return now !== '' && now !== before && now;
  });
  console.log(`another operator led after ${((Date.now() - begin) / 1000).toFixed(1)} s`);
  expect((await operatorPods()).map(({ metadata }) => metadata.name)).toContain(after);

  await local.apply(clusterManifest({ name, instances: 1 }));
  await local.waitForStatus(name, 'Running');
  await eventually('one pod is left', async () => (await local.pods(name)).length === 1);
});

test('uninstalling leaves clusters alone, and everything only goes without them', async () => {
  const refused = await make('uninstall', 'EVERYTHING=yes');
  expect(refused.code).not.toBe(0);
  expect(refused.stdout).toContain(name);
  const { code, stdout } = await make('uninstall');
  expect(stdout).toContain('kept: clusters');
  expect(code).toBe(0);
  await eventually('no operator is left', async () => (await operatorPods()).length === 0);
  expect(await local.primary(name)).toBeDefined();
  expect(await make('install')).toMatchObject({ code: 0 });
});

test('deleting the manifest leaves nothing but its volumes behind', async () => {
  await local.kubectl('delete', 'postgresql', name, '--timeout=60s');
  const left = await local.kubectl(
    'get',
    'pods,services,secrets,statefulsets,endpoints,configmaps,poddisruptionbudgets,persistentvolumeclaims',
    '-l',
    `cluster-name=${name}`,
    '-o',
    'name',
  );
  expect(left.trim().split('\n').sort()).toEqual(
    [0, 1].map((n) => `persistentvolumeclaim/pgdata-${name}-${n}`),
  );
});

test('without clusters everything can go', async () => {
  expect(await make('uninstall', 'EVERYTHING=yes')).toMatchObject({ code: 0 });
  const kinds = 'crds,clusterroles,clusterrolebindings,serviceaccounts,configmaps,deployments,services';
  const left = (await local.kubectl('get', kinds, '-o', 'name')).split('\n');
  // The account of the database pods stays in namespaces that had clusters, as with Zalando's operator.
  expect(left.filter((each) => /postgres|acid/.test(each))).toEqual(['serviceaccount/postgres-pod']);
});
