import type { StatefulSet } from '@pgherd/kube/objects';
import { movedLeader } from '@pgherd/patroni';
import { expect, test } from 'vitest';
import { kinds, type Desired, type Kind } from '../kinds.ts';
import type { Observed } from '../observe/observed.ts';
import { effectiveConfiguration } from '../observe/effective-configuration.ts';
import { render } from '../render/render.ts';
import {
  testConfiguration,
  testManifest,
  testObserved,
  testPod,
  testRemembered,
  withStatus,
} from '../testing/cluster.ts';
import { planStoreMove } from './store-move.ts';

const labels = { application: 'spilo', 'cluster-name': 'acid-demo' };

function patroni(kind: Kind, name: string, annotations: Record<string, string>): Desired {
  const metadata = { namespace: 'default', name, resourceVersion: '7', labels, annotations };
  return { kind, object: { apiVersion: 'v1', kind: kind.kind, metadata } };
}

const released = { optime: '5000', transitions: '3', ttl: '30', renewTime: 'then', acquireTime: 'then' };
const config = { config: '{"ttl":30}', initialize: '7000000000000000000', history: '[]' };
const sync = { leader: 'acid-demo-0', sync_standby: 'acid-demo-1' };

/** A stopped cluster with its state in Endpoints, and whatever else is there. */
function stopped(leader: Record<string, string>, more: Desired[] = [], ordinals: number[] = []): Observed {
  const configuration = testConfiguration({ kubernetes_use_configmaps: false });
  const manifest = testManifest({ numberOfInstances: 0 });
  const rendered = render({ manifest, configuration, remembered: testRemembered() });
  const objects = rendered.map((each) => (each.kind === kinds.statefulSet ? withStatus(each, 'new') : each));
  const state = [
    patroni(kinds.endpoints, 'acid-demo', leader),
    patroni(kinds.endpoints, 'acid-demo-config', config),
    patroni(kinds.endpoints, 'acid-demo-sync', sync),
  ];
  const pods = ordinals.map((ordinal) => testPod({ ordinal }));
  return testObserved([...objects, ...state, ...more], pods);
}

const copied = [
  patroni(kinds.configMap, 'acid-demo-config', config),
  patroni(kinds.configMap, 'acid-demo-sync', sync),
  patroni(kinds.configMap, 'acid-demo-leader', { optime: '5000', transitions: '3' }),
];
const whatOf = (observed: Observed) => planStoreMove('configmaps', observed).map(({ what }) => what);

test('all of the state is copied, without a leader, before the old lock is closed', () => {
  const steps = planStoreMove('configmaps', stopped(released));
  const made = steps.map(({ action }) => (action.type === 'create' ? action.object : undefined));
  expect(made.map((object) => object?.metadata.name)).toEqual([
    'acid-demo-config',
    'acid-demo-sync',
    'acid-demo-leader',
  ]);
  expect(made.map((object) => object?.metadata.annotations)).toEqual([
    config,
    sync,
    { optime: '5000', transitions: '3' },
  ]);
  expect(made.every((object) => object?.metadata.labels?.['cluster-name'] === 'acid-demo')).toBe(true);
  expect(steps.at(-1)?.observeAfter).toBe(true);
  expect(whatOf(stopped(released, copied.slice(1)))).toEqual([
    "copy Patroni's state into ConfigMap acid-demo-config",
  ]);
});

test('the old lock is closed for the version that was found free', () => {
  const [step, ...others] = planStoreMove('configmaps', stopped(released, copied));
  expect(others).toEqual([]);
  expect(step?.what).toBe('close the leader lock in Endpoints acid-demo');
  expect(step?.action).toMatchObject({
    type: 'patch',
    name: 'acid-demo',
    patch: {
      metadata: { resourceVersion: '7', annotations: { leader: movedLeader.configmaps } },
      subsets: null,
    },
  });
});

test('what the new store has from before is overwritten, and what it has too much goes', () => {
  const before = patroni(kinds.configMap, 'acid-demo-leader', {
    leader: movedLeader.endpoints,
    ttl: '315360000',
    slots: '{}',
    optime: '1',
  });
  const [step] = planStoreMove('configmaps', stopped(released, [...copied.slice(0, 2), before]));
  expect(step?.action).toMatchObject({
    type: 'patch',
    patch: { metadata: { annotations: { leader: null, ttl: null, slots: null, optime: '5000' } } },
  });
});

test('nothing moves while there may be a member', () => {
  expect(whatOf(stopped({ ...released, leader: 'acid-demo-0' }))).toEqual([]);
  expect(whatOf(stopped(released, [], [0]))).toEqual([]);
  const starting = stopped(released);
  for (const object of starting.objects.values())
    if (object.kind === 'StatefulSet') Object.assign((object as StatefulSet).spec ?? {}, { replicas: 1 });
  expect(whatOf(starting)).toEqual([]);
  const stopping = stopped(released);
  for (const object of stopping.objects.values())
    if (object.kind === 'StatefulSet') Object.assign((object as StatefulSet).status ?? {}, { replicas: 1 });
  expect(whatOf(stopping)).toEqual([]);
});

test('a closed lock tells where the cluster is, whatever the pods were made with and the configuration says', () => {
  const settings = {
    configuration: testConfiguration({ kubernetes_use_configmaps: false }),
    named: new Set<never>(),
  };
  const storeAt = (leader: Record<string, string>, more: Desired[] = []) =>
    effectiveConfiguration(settings, stopped(leader, more)).kubernetes_use_configmaps;
  expect(storeAt(released, copied)).toBe(false);
  expect(storeAt({ ...released, leader: movedLeader.configmaps }, copied)).toBe(true);
});
