import { configurationKeys, type ConfigurationKey } from '@pgherd/api';
import type { KubeObject, Service, StatefulSet } from '@pgherd/kube/objects';
import { expect, test } from 'vitest';
import { kinds, type Desired } from '../kinds.ts';
import { render } from '../render/render.ts';
import {
  testConfiguration,
  testManifest,
  testObserved,
  testPod,
  testRemembered,
} from '../testing/cluster.ts';
import { effectiveConfiguration, keptKeys } from './effective-configuration.ts';

/** As another operator made them: root's image, its own image, a store of its choice, load balancers. */
function madeElsewhere(changes: { pod?: object; container?: object; store?: 'configmaps' } = {}): Desired[] {
  const configuration = testConfiguration({
    docker_image: 'registry.example/spilo:1',
    kubernetes_use_configmaps: changes.store === 'configmaps',
    spilo_allow_privilege_escalation: true,
    spilo_runasuser: undefined,
    spilo_runasgroup: undefined,
    spilo_fsgroup: undefined,
    enable_master_load_balancer: true,
  });
  const objects = render({ manifest: testManifest(), configuration, remembered: testRemembered() });
  const statefulSet = objects.find(({ kind }) => kind === kinds.statefulSet)?.object as
    | StatefulSet
    | undefined;
  const pod = statefulSet?.spec?.template.spec;
  Object.assign(pod ?? {}, changes.pod);
  Object.assign(pod?.containers[0] ?? {}, changes.container);
  return objects;
}

const settings = (named: ConfigurationKey[] = []) => ({
  configuration: testConfiguration(),
  named: new Set(named),
});
const running = { configuration: {}, leader: 'acid-demo-0' };

test('every key whose default is not the one of the other operator is kept, or has a reason not to be', () => {
  const ofTheOperator = ['debug_logging'];
  // A finalizer is on the manifest, restarts nothing, and keeps a deletion from leaving things behind.
  const everywhere = ['enable_finalizers'];
  // Patroni itself keeps it; what the configuration says counts when it is written.
  const inPatroni = ['enable_patroni_failsafe_mode'];
  // Zalando's own default changes with each of its versions.
  const ofAnyVersion = ['logical_backup_docker_image'];
  const differing = Object.entries(configurationKeys)
    .filter(([, key]) => 'differs' in key)
    .map(([name]) => name);
  expect(
    differing.filter((name) => ![...ofTheOperator, ...everywhere, ...inPatroni].includes(name)).sort(),
  ).toEqual(keptKeys.filter((name) => !ofAnyVersion.includes(name)).sort());
});

test('a new cluster gets the configuration as it is', () => {
  expect(effectiveConfiguration(settings(), testObserved([]))).toEqual(testConfiguration());
});

test('an existing cluster keeps what it has', () => {
  const effective = effectiveConfiguration(settings(), testObserved(madeElsewhere(), [], running));
  expect(effective).toEqual(
    testConfiguration({
      docker_image: 'registry.example/spilo:1',
      spilo_allow_privilege_escalation: true,
      spilo_runasuser: undefined,
      spilo_runasgroup: undefined,
      spilo_fsgroup: undefined,
      enable_master_load_balancer: true,
    }),
  );
});

test('what somebody wrote acts on an existing cluster, each key for itself', () => {
  const observed = testObserved(
    madeElsewhere({ pod: { securityContext: { runAsUser: 7, fsGroup: 8 } } }),
    [],
    {
      ...running,
    },
  );
  const effective = effectiveConfiguration(
    settings(['docker_image', 'spilo_fsgroup', 'enable_master_load_balancer']),
    observed,
  );
  expect(effective).toMatchObject({
    docker_image: testConfiguration().docker_image,
    spilo_fsgroup: 103,
    enable_master_load_balancer: false,
    spilo_runasuser: 7,
    spilo_runasgroup: undefined,
    spilo_allow_privilege_escalation: true,
  });
});

test('a container that says nothing about privilege escalation may do it, as Kubernetes has it', () => {
  const observed = testObserved(madeElsewhere({ container: { securityContext: {} } }), [], running);
  expect(effectiveConfiguration(settings(), observed).spilo_allow_privilege_escalation).toBe(true);
});

test("Patroni's store is never changed under a running cluster", () => {
  const observed = testObserved(madeElsewhere({ store: 'configmaps' }), [], running);
  for (const named of [[], ['kubernetes_use_configmaps' as const]]) {
    expect(effectiveConfiguration(settings(named), observed).kubernetes_use_configmaps).toBe(true);
  }
});

test('a wrong first try of ours can be corrected, what another operator made is kept', () => {
  const image = (objects: Desired[]) =>
    effectiveConfiguration(settings(), testObserved(objects)).docker_image;
  const objects = madeElsewhere();
  expect(image(objects)).toBe('registry.example/spilo:1');
  const statefulSet = objects.find(({ kind }) => kind === kinds.statefulSet);
  Object.assign(statefulSet?.object.metadata ?? {}, { managedFields: [{ manager: 'pgherd' }] });
  expect(image(objects)).toBe(testConfiguration().docker_image);
});

test('without its Service a cluster gets the one that the configuration says', () => {
  const objects = madeElsewhere().filter(({ object }) => (object as Service).kind !== 'Service');
  const effective = effectiveConfiguration(settings(), testObserved(objects, [], running));
  expect(effective.enable_master_load_balancer).toBe(false);
});

test('while the StatefulSet is made again around its pods, they tell what the cluster keeps', () => {
  const objects = madeElsewhere({ store: 'configmaps' });
  const statefulSet = objects.find(({ kind }) => kind === kinds.statefulSet)?.object as
    | StatefulSet
    | undefined;
  const template = statefulSet?.spec?.template.spec;
  const withoutStatefulSet = objects.filter(({ kind }) => kind !== kinds.statefulSet);
  const pod = testPod({ ordinal: 0, role: 'primary', spec: template ?? {} });
  expect(effectiveConfiguration(settings(), testObserved(withoutStatefulSet, [pod], running))).toEqual(
    effectiveConfiguration(settings(), testObserved(objects, [pod], running)),
  );
});

test('images of poolers and backups are those that they have, until somebody writes another', () => {
  const workload = (container: string, image: string) => ({
    template: { spec: { containers: [{ name: container, image }] } },
  });
  const named = (name: string, spec: object) => ({ metadata: { name, namespace: 'default' }, spec });
  const objects: Desired[] = [
    ...madeElsewhere(),
    {
      kind: kinds.deployment,
      object: named('acid-demo-pooler', workload('connection-pooler', 'pooler:old')),
    },
    {
      kind: kinds.cronJob,
      object: named('logical-backup-acid-demo', {
        jobTemplate: { spec: workload('logical-backup', 'backup:old') },
      }),
    },
  ];
  const observed = testObserved(objects, [], running);
  expect(effectiveConfiguration(settings(), observed)).toMatchObject({
    connection_pooler_image: 'pooler:old',
    logical_backup_docker_image: 'backup:old',
  });
  expect(
    effectiveConfiguration(settings(['connection_pooler_image']), observed).connection_pooler_image,
  ).toBe(testConfiguration().connection_pooler_image);
});

test('an image that somebody put into the StatefulSet by hand is not kept: the pods tell the one before', () => {
  const objects = madeElsewhere();
  const statefulSet = objects.find(({ kind }) => kind === kinds.statefulSet)?.object as
    | (StatefulSet & KubeObject)
    | undefined;
  const before = structuredClone(statefulSet?.spec?.template.spec ?? { containers: [] });
  const [postgres] = statefulSet?.spec?.template.spec?.containers ?? [];
  Object.assign(postgres ?? {}, { image: 'by-hand' });
  Object.assign(statefulSet?.metadata ?? {}, {
    managedFields: [
      {
        manager: 'kubectl-set',
        operation: 'Update',
        fieldsV1: {
          'f:spec': {
            'f:template': { 'f:spec': { 'f:containers': { 'k:{"name":"postgres"}': { 'f:image': {} } } } },
          },
        },
      },
    ],
  });
  const pod = testPod({ ordinal: 0, role: 'primary', spec: before });
  expect(effectiveConfiguration(settings(), testObserved(objects, [pod], running)).docker_image).toBe(
    'registry.example/spilo:1',
  );
});

test('an image with which no member came up is not kept: the primary has the one from before', () => {
  const pod = (ordinal: number, image: string, more: { role?: 'primary'; running?: boolean } = {}) =>
    testPod({
      ordinal,
      spec: { containers: [{ name: 'postgres', image }] },
      streaming: more.running !== false,
      ...more,
    });
  const imageWith = (...pods: ReturnType<typeof pod>[]) =>
    effectiveConfiguration(settings(), testObserved(madeElsewhere(), pods, running)).docker_image;
  const [bad, good] = ['registry.example/spilo:1', 'registry.example/spilo:0'];
  const primary = pod(0, good, { role: 'primary' });
  expect(imageWith(primary, pod(1, bad, { running: false }))).toBe(good);
  expect(imageWith(primary, pod(1, bad))).toBe(bad);
  expect(imageWith(primary, pod(1, good))).toBe(bad);
  expect(imageWith(pod(0, good, { role: 'primary', running: false }), pod(1, bad, { running: false }))).toBe(
    bad,
  );
});
