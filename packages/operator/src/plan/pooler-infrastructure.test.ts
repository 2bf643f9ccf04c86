import type { Deployment, Secret } from '@pgherd/kube/objects';
import { expect, test } from 'vitest';
import { kinds } from '../kinds.ts';
import { observe } from '../observe/observe.ts';
import { goalOf } from '../reconcile/goal.ts';
import { testConfiguration, testManifest } from '../testing/cluster.ts';
import { World } from '../testing/world.ts';
import { plan } from './plan.ts';

const roles = ['etl', 'robot', 'zmon'];

function planFor(world: World, names: string[]) {
  const configuration = testConfiguration();
  const cluster = { namespace: 'default', name: 'acid-demo' };
  const infrastructure = names.map((name) => ({
    name,
    password: `password of ${name}`,
    flags: [],
    memberOf: [],
    settings: {},
    source: 'Secret default/roles',
  }));
  const source = { ...world.source(), infrastructure: () => ({ roles: infrastructure, problems: [] }) };
  const observed = observe(source, configuration, cluster, { databaseFingerprint: undefined });
  const manifest = testManifest({ enableConnectionPooler: true });
  const { goal } = goalOf(manifest, { configuration, named: new Set() }, observed, {
    now: 0,
    newPassword: () => 'new',
  });
  const { tracks } = plan({ ...goal, database: undefined, configuration: undefined }, observed);
  return tracks.flatMap(({ steps }) => steps);
}

const steps = (world: World, names: string[]) => planFor(world, names).map(({ what }) => what);

function settled(): World {
  const world = new World();
  world.carryOut({ tracks: [{ name: 'objects', steps: planFor(world, roles) }] });
  expect(steps(world, roles)).toEqual([]);
  return world;
}

const variable = (world: World) =>
  (
    world.get(kinds.deployment, 'acid-demo-pooler') as Deployment
  ).spec?.template.spec?.containers[0]?.env?.find(({ name }) => name === 'INFRASTRUCTURE_ROLES');

test('the pooler is told of the infrastructure roles in order, and knows their passwords after its own', () => {
  const world = settled();
  expect(variable(world)?.value).toBe('etl,robot,zmon');
  const list = (world.get(kinds.secret, 'acid-demo-pooler-u') as Secret).data?.['userlist.txt'] ?? '';
  expect(Buffer.from(list, 'base64').toString()).toBe(
    '"pooler" "new"\n"etl" "password of etl"\n"robot" "password of robot"\n"zmon" "password of zmon"\n',
  );
});

test('the same roles in another order, as Zalando’s operator writes them, are no change; others are', () => {
  const world = settled();
  const found = variable(world);
  if (found === undefined) throw new Error('no variable');
  const deployment = world.get(kinds.deployment, 'acid-demo-pooler') as Deployment;
  const [container] = deployment.spec?.template.spec?.containers ?? [];
  if (container === undefined) throw new Error('no container');
  container.env = (container.env ?? []).map((each) =>
    each.name === 'INFRASTRUCTURE_ROLES' ? { ...each, value: 'zmon,etl,robot' } : each,
  );
  world.set(kinds.deployment, deployment);
  expect(steps(world, roles)).toEqual([]);
  expect(steps(world, ['etl', 'robot'])).toEqual([
    'update secret acid-demo-pooler-u',
    'update deployment acid-demo-pooler, its pods are replaced',
  ]);
});
