import type { Deployment, Secret } from '@pgherd/kube/objects';
import { expect, test } from 'vitest';
import { kinds } from '../kinds.ts';
import { observe } from '../observe/observe.ts';
import { goalOf } from '../reconcile/goal.ts';
import { testConfiguration, testManifest } from '../testing/cluster.ts';
import { World } from '../testing/world.ts';
import { plan } from './plan.ts';

const role = 'pooler.acid-demo.credentials.postgresql.acid.zalan.do';

function planFor(world: World) {
  const configuration = testConfiguration();
  const cluster = { namespace: 'default', name: 'acid-demo' };
  const observed = observe(world.source(), configuration, cluster, { databaseFingerprint: undefined });
  const manifest = testManifest({ enableConnectionPooler: true });
  const { goal } = goalOf(manifest, { configuration, named: new Set() }, observed, {
    now: 0,
    newPassword: () => 'password',
  });
  const { tracks } = plan({ ...goal, database: undefined, configuration: undefined }, observed);
  return tracks.flatMap(({ steps }) => steps);
}

/** A cluster with a pooler that needs nothing. `byAnother`: as an operator makes it that knows no versions of lists. */
function settled({ byAnother = false } = {}): World {
  const world = new World();
  world.carryOut({ tracks: [{ name: 'objects', steps: planFor(world) }] });
  if (byAnother) {
    const list = world.get(kinds.secret, 'acid-demo-pooler-u') as Secret;
    const pods = world.get(kinds.deployment, 'acid-demo-pooler') as Deployment;
    delete list.metadata?.annotations;
    delete pods.spec?.template.metadata?.annotations;
    for (const object of [list, pods]) delete object.metadata?.managedFields;
  }
  expect(planFor(world)).toEqual([]);
  return world;
}

function changePassword(world: World): void {
  const secret = world.get(kinds.secret, role) as Secret;
  const password = Buffer.from('geheim').toString('base64');
  world.set(kinds.secret, { ...secret, data: { ...secret.data, password } });
}

const version = (world: World) => {
  const pods = world.get(kinds.deployment, 'acid-demo-pooler') as Deployment;
  return pods.spec?.template.metadata?.annotations?.['pgherd.dev/user-list'];
};

test.each([false, true])(
  'a password that changes replaces the pods of the pooler, and only these (made by another operator: %s)',
  (byAnother) => {
    const world = settled({ byAnother });
    const before = version(world);
    changePassword(world);
    const steps = planFor(world);
    expect(steps.map(({ what }) => what)).toEqual([
      'update the Secret of pooler',
      'update secret acid-demo-pooler-u',
      'update deployment acid-demo-pooler, its pods are replaced',
    ]);
    expect(JSON.stringify(steps.map(({ why }) => why))).not.toContain('geheim');

    // Killed before the last one: it is still to be done.
    world.carryOut({ tracks: [{ name: 'objects', steps: steps.slice(0, 2) }] });
    const left = planFor(world);
    expect(left.map(({ what }) => what)).toEqual([
      'update deployment acid-demo-pooler, its pods are replaced',
    ]);
    world.carryOut({ tracks: [{ name: 'objects', steps: left }] });
    expect(version(world)).toMatch(/^[0-9a-f]{8}$/);
    expect(version(world)).not.toBe(before);
    expect(planFor(world)).toEqual([]);
  },
);
