import {
  defaultConfiguration,
  operatorConfigurationResource,
  type Condition,
  type PostgresqlStatus,
} from '@pgherd/api';
import {
  configMaps,
  endpoints,
  events,
  leases,
  pods,
  services,
  statefulSets,
  type KubeObject,
  type ResourceType,
  type Service,
  type StatefulSet,
} from '@pgherd/kube/objects';
import { afterEach, expect, test } from 'vitest';

import { postgresqls, rbacObjects, type ConfigurationOrigin } from '@pgherd/operator';
import { eventually } from '../support/eventually.ts';
import { OperatorLab } from '../support/operator-lab.ts';
import { PlayedCluster } from '../support/played-cluster.ts';

/** The operator's configuration while it runs: where it comes from, what a change does, and what a wrong one does not. */

const configurations: ResourceType = { ...operatorConfigurationResource, namespaced: true };
const key = { namespace: 'default', name: 'acid-demo' };

let lab: OperatorLab;

afterEach(() => lab.stop());

/** A lab in which the operator has exactly the rights that are printed for this configuration. */
async function start(origin: ConfigurationOrigin, watched = 'default'): Promise<void> {
  const configuration = { ...defaultConfiguration(), watched_namespace: watched };
  const duties = { configuration, named: new Set<never>(), own: 'default', origin };
  const rbac = rbacObjects(duties, 'postgres-operator').map(({ object }) => object);
  lab = await OperatorLab.start([...watched.split(',').map(namespaceObject), ...rbac]);
}

function namespaceObject(name: string): KubeObject {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
}

async function createCluster(namespace = 'default'): Promise<PlayedCluster> {
  await lab.client.create(postgresqls, {
    metadata: { ...key, namespace },
    spec: {
      teamId: 'acid',
      numberOfInstances: 1,
      postgresql: { version: '17' },
      volume: { size: '1Gi' },
    },
  });
  const played = new PlayedCluster(lab.client, key.name, 'endpoints', namespace);
  lab.stopLater(() => played.stop());
  return played;
}

const wordIn = async (namespace = 'default') =>
  ((await lab.client.get(postgresqls, { ...key, namespace }))['status'] as PostgresqlStatus | undefined)
    ?.PostgresClusterStatus;

const running = (namespace = 'default') =>
  eventually(`the cluster in ${namespace} runs`, async () => (await wordIn(namespace)) === 'Running');

const members = async () =>
  (await lab.client.list(pods, { namespace: 'default', labelSelector: 'cluster-name=acid-demo' })).items
    .length;

async function readiness(port: number): Promise<{ status: number; text: string }> {
  const answer = await fetch(`http://127.0.0.1:${port}/readyz`);
  return { status: answer.status, text: await answer.text() };
}

async function inForce(port: number): Promise<boolean> {
  const page = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  return page.includes('\npgherd_configuration_in_force 1\n');
}

/** Events about the object with the configuration. */
async function told(about: string): Promise<string[]> {
  const { items } = await lab.client.list(events, { namespace: 'default' });
  return items
    .filter(({ involvedObject }) => involvedObject.kind === about)
    .map(({ type, reason, message }) => `${type} ${reason} ${message}`);
}

test('a ConfigMap: nothing is touched before there is a right one, changes reach clusters that run, wrong ones do not', async () => {
  const place = { namespace: 'default', name: 'postgres-operator' };
  await start({ type: 'ConfigMap', ...place });
  await createCluster();
  const operator = lab.operateWith({ httpPort: 0, env: { CONFIG_MAP_NAME: place.name } });
  const port = await operator.port;
  await eventually('it says what is missing', async () => {
    const { status, text } = await readiness(port);
    return status === 503 && text.includes('ConfigMap default/postgres-operator: it is not there');
  });

  await lab.client.create(configMaps, { metadata: place, data: { min_instances: 'many' } });
  await eventually('the event names the key', async () =>
    (await told('ConfigMap')).some((each) => /^Warning Configuration .*min_instances: .*`many`/.test(each)),
  );
  expect(await wordIn()).toBeUndefined();
  expect((await readiness(port)).status).toBe(503);

  const write = (data: Record<string, string | null>) =>
    lab.client.patch(configMaps, place, { type: 'merge', body: { data } });
  await write({ min_instances: null });
  await running();
  expect(await members()).toBe(1);

  await write({ min_instances: '2' });
  await eventually(
    'a second member runs',
    async () => (await members()) === 2 && (await wordIn()) === 'Running',
  );

  // Two keys are wrong; the third, which is right, does not count either.
  await write({ min_instances: '3', workers: '0', pod_terminate_grace_period: 'soon' });
  await eventually('it is told what is wrong', async () => {
    const { status, text } = await readiness(port);
    const names = ['workers: ', 'pod_terminate_grace_period: ', 'the last good one stays in force'];
    return status === 200 && names.every((each) => text.includes(each));
  });
  await lab.client.patch(postgresqls, key, { type: 'merge', body: { spec: { patroni: { ttl: 20 } } } });
  await eventually('the manifest is acted on', async () => {
    const { metadata, status } = await lab.client.get(postgresqls, key);
    return (
      (status as PostgresqlStatus).observedGeneration === metadata.generation &&
      (await wordIn()) === 'Running'
    );
  });
  expect(await members()).toBe(2);

  expect(await inForce(port)).toBe(false);

  await lab.client.delete(configMaps, place);
  await eventually('its loss is told', async () => (await readiness(port)).text.includes('it is not there'));
  expect((await readiness(port)).status).toBe(200);
  expect(await members()).toBe(2);

  await lab.client.create(configMaps, { metadata: place, data: { min_instances: '1', api_prot: '1' } });
  await eventually('the new one is in force', async () => (await members()) === 1);
  expect(await inForce(port)).toBe(true);
  await eventually('a key that nobody knows is only a warning', async () =>
    (await told('ConfigMap')).some((each) => each.startsWith('Warning Configuration api_prot: ')),
  );
  expect(await told('ConfigMap')).toContainEqual(
    'Normal Configuration the changed configuration is in force',
  );
});

test('an OperatorConfiguration wins over a ConfigMap, and its status says what became of it', async () => {
  const place = { namespace: 'default', name: 'mine' };
  await start({ type: 'OperatorConfiguration', ...place });
  await createCluster();
  await lab.client.create(configurations, {
    metadata: place,
    configuration: { min_instances: 2, kubernetes: { pdb_name_format: 'no-placeholder' } },
  });
  const operator = lab.operateWith({
    httpPort: 0,
    env: { POSTGRES_OPERATOR_CONFIGURATION_OBJECT: 'mine', CONFIG_MAP_NAME: 'is-not-read' },
  });
  await operator.port;
  const valid = async () => {
    const { status } = await lab.client.get(configurations, place);
    const { conditions = [] } = (status ?? {}) as { conditions?: Condition[] };
    return conditions.find(({ type }) => type === 'Valid');
  };
  const condition = await eventually('the status names the key', valid);
  expect(condition).toMatchObject({ status: 'False', reason: 'NothingInForce' });
  expect(condition.message).toContain('configuration.kubernetes.pdb_name_format: ');
  expect(await wordIn()).toBeUndefined();

  const write = (kubernetes: object) =>
    lab.client.patch(configurations, place, { type: 'merge', body: { configuration: { kubernetes } } });
  await write({ pdb_name_format: 'pdb-{cluster}' });
  await running();
  expect(await members()).toBe(2);
  await eventually('the status is right', async () => (await valid())?.status === 'True');

  await write({ cluster_name_label: '' });
  await eventually('the last good one is kept', async () => (await valid())?.reason === 'LastGoodInForce');
  expect(await told('OperatorConfiguration')).toContainEqual(expect.stringContaining('cluster_name_label'));
});

test('what shapes the process is taken too: other namespaces, another port, under the same lease', async () => {
  const place = { namespace: 'default', name: 'postgres-operator' };
  await start({ type: 'ConfigMap', ...place }, 'default,other');
  await lab.client.create(configMaps, {
    metadata: place,
    data: { watched_namespace: 'default', workers: '1', api_port: '18651' },
  });
  await createCluster();
  await createCluster('other');
  const operator = lab.operateWith({ env: { CONFIG_MAP_NAME: place.name } });
  expect(await operator.port).toBe(18_651);
  await running();
  expect(await wordIn('other')).toBeUndefined();
  const lease = () => lab.client.get(leases, { namespace: 'default', name: 'pgherd-operator' });
  const before = (await lease()).spec;

  const data = { watched_namespace: 'default,other', workers: '2', api_port: '18652' };
  await lab.client.patch(configMaps, place, { type: 'merge', body: { data } });
  await running('other');
  await eventually('it answers at the other port', async () =>
    (await readiness(18_652)).text.includes('watching default, other'),
  );
  await expect(readiness(18_651)).rejects.toThrow('fetch failed');
  const { acquireTime, leaseTransitions } = (await lease()).spec ?? {};
  expect({ acquireTime, leaseTransitions }).toEqual({
    acquireTime: before?.acquireTime,
    leaseTransitions: before?.leaseTransitions,
  });
});

test('a namespace that may not be read ends nothing for good: with the old one back, it is ready again', async () => {
  const place = { namespace: 'default', name: 'postgres-operator' };
  await start({ type: 'ConfigMap', ...place });
  const watch = (watched_namespace: string) =>
    lab.client.patch(configMaps, place, { type: 'merge', body: { data: { watched_namespace } } });
  await lab.client.create(configMaps, { metadata: place, data: { watched_namespace: 'default' } });
  const operator = lab.operateWith({ httpPort: 0, env: { CONFIG_MAP_NAME: place.name } });
  const port = await operator.port;
  const isReady = async () => (await readiness(port)).status === 200;
  await eventually('it is ready', isReady);
  await watch('kube-system');
  await eventually('it says what it may not do', async () => {
    const { status, text } = await readiness(port);
    return status === 503 && text.includes('lacks rights');
  });
  await watch('default');
  await eventually('it is ready again', isReady);
});

test('the store of Patroni: kept and told while there are members, moved with all of its state when the cluster is stopped', async () => {
  const place = { namespace: 'default', name: 'postgres-operator' };
  await start({ type: 'ConfigMap', ...place });
  await lab.client.create(configMaps, { metadata: place, data: { kubernetes_use_configmaps: 'false' } });
  const before = await createCluster();
  lab.operateWith({ env: { CONFIG_MAP_NAME: place.name } });
  await running();
  const write = (data: Record<string, string>) =>
    lab.client.patch(configMaps, place, { type: 'merge', body: { data } });
  const scale = (numberOfInstances: number) =>
    lab.client.patch(postgresqls, key, { type: 'merge', body: { spec: { numberOfInstances } } });
  const toldOf = async (text: string) =>
    (await told('postgresql')).some(
      (each) => each.includes('kubernetes_use_configmaps') && each.includes(text),
    );
  const environment = async () => {
    const { spec }: StatefulSet = await lab.client.get(statefulSets, key);
    return spec?.template.spec?.containers[0]?.env?.map(({ name }) => name) ?? [];
  };
  const annotationsOf = async (type: ResourceType, name: string) =>
    (await lab.client.find(type, { ...key, name }))?.metadata.annotations;

  await write({ kubernetes_use_configmaps: 'true' });
  await eventually('it is told what to do', () => toldOf('set `numberOfInstances: 0`'));
  expect(await environment()).not.toContain('KUBERNETES_USE_CONFIGMAPS');

  // The played member does not give its lock back: it may run somewhere.
  await scale(0);
  await eventually('it is told that the lock is held', () => toldOf('has not given its leader lock back'));
  expect(await annotationsOf(configMaps, `${key.name}-leader`)).toBeUndefined();
  const release = { metadata: { annotations: { leader: null, optime: '5000' } } };
  await lab.client.patch(endpoints, key, { type: 'merge', body: release });
  await eventually('new pods would get the other store', async () =>
    (await environment()).includes('KUBERNETES_USE_CONFIGMAPS'),
  );
  expect(await annotationsOf(configMaps, `${key.name}-leader`)).toEqual({ optime: '5000' });
  const state = await annotationsOf(endpoints, `${key.name}-config`);
  expect(state?.['config']).toBeDefined();
  expect(await annotationsOf(configMaps, `${key.name}-config`)).toMatchObject({ config: state?.['config'] });
  expect(await annotationsOf(endpoints, key.name)).toMatchObject({ leader: '(moved to ConfigMaps)' });
  const service: Service = await lab.client.get(services, key);
  expect(service.spec?.selector).toMatchObject({ 'spilo-role': 'master' });

  await before.stop();
  const played = new PlayedCluster(lab.client, key.name, 'configmaps');
  lab.stopLater(() => played.stop());
  await scale(1);
  await eventually('it runs with the other store', async () => {
    const leader = (await annotationsOf(configMaps, `${key.name}-leader`))?.['leader'];
    return leader === `${key.name}-0` && (await wordIn()) === 'Running';
  });
});
