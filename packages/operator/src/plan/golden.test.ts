import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseConfiguration, type Postgresql } from '@pgherd/api';
import { gvkOf, type KubeObject, type StatefulSet } from '@pgherd/kube/objects';
import { trackUpdate } from '@pgherd/kube/patch';
import { builtinSchema } from '@pgherd/kube/schema';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { kinds, type Kind } from '../kinds.ts';
import { observe } from '../observe/observe.ts';
import { assess } from '../reconcile/assess.ts';
import { goalOf } from '../reconcile/goal.ts';
import { World } from '../testing/world.ts';
import { plan } from './plan.ts';
import { printPlan } from './print.ts';
import { stepsOf } from './step.ts';

/**
 * Clusters as Zalando's operator made them, written out by hand: with the same manifest and the same configuration
 * there is nothing to do, so that nothing restarts when pgherd takes over.
 */
interface Golden {
  configuration: Record<string, string>;
  manifest: Postgresql;
  /** By who wrote them. */
  objects: { by: string; objects: KubeObject[] }[];
}

const folder = join(import.meta.dirname, 'golden');
const names = readdirSync(folder).sort();

function read(name: string): Golden {
  return parse(readFileSync(join(folder, name), 'utf8')) as Golden;
}

/** The API server as it would stand; what the controllers of Kubernetes and Patroni wrote is theirs. */
function worldOf({ objects }: Golden, withManagers = true): World {
  const world = new World();
  for (const { by, objects: written } of objects) {
    for (const object of written) {
      const managedFields = trackUpdate({
        schema: builtinSchema(gvkOf(object)),
        after: withoutStatus(object),
        manager: by,
        time: '2026-01-01T00:00:00Z',
      });
      const metadata = { ...object.metadata, ...(withManagers ? { managedFields } : {}) };
      world.set(kindOf(object), { ...object, metadata });
    }
  }
  return world;
}

function withoutStatus(object: KubeObject): KubeObject {
  const { status: _status, ...rest } = object as KubeObject & { status?: unknown };
  return rest;
}

function kindOf(object: KubeObject): Kind {
  const found = Object.values(kinds).find(({ kind }) => kind === object.kind);
  if (found === undefined) throw new Error(`no kind ${object.kind ?? ''}`);
  return found;
}

/** What the operator would do about the objects; the look into the database is no change. */
function planFor(golden: Golden, world: World) {
  const { configuration, named } = parseConfiguration(golden.configuration);
  const cluster = { namespace: 'default', name: golden.manifest.metadata.name };
  const memory = { databaseFingerprint: undefined };
  const observed = observe(world.source(), configuration, cluster, memory);
  const { manifest, errors } = assess(golden.manifest, { configuration, named }, observed);
  expect(errors).toEqual([]);
  const { goal } = goalOf(manifest, { configuration, named }, observed, {
    now: 0,
    newPassword: () => 'new-password',
  });
  return { observed, plan: plan({ ...goal, database: undefined }, observed) };
}

const tracksOf = (golden: Golden, world: World) =>
  planFor(golden, world).plan.tracks.filter(({ name }) => name !== 'configuration');

describe.each(names)('%s', (name) => {
  test('nothing to do, and nobody restarts', () => {
    const golden = read(name);
    const { plan: whole } = planFor(golden, worldOf(golden));
    expect(printPlan({ tracks: tracksOf(golden, worldOf(golden)) })).toBe('Nothing to do.\n');
    // For whatever the manifest sets in Patroni it is only noted that it does.
    expect(stepsOf(whole).map(({ what, disturbs }) => `${what} ${disturbs}`)).toEqual(
      name.includes('complete') ? ["note what the manifest sets in Patroni's configuration nothing"] : [],
    );
  });

  test('nothing to do for objects that do not say who wrote them', () => {
    const golden = read(name);
    expect(printPlan({ tracks: tracksOf(golden, worldOf(golden, false)) })).toBe('Nothing to do.\n');
  });

  test('the cluster is seen as it is', () => {
    const golden = read(name);
    const { observed } = planFor(golden, worldOf(golden));
    expect(observed.leader).toBe(`${golden.manifest.metadata.name}-0`);
    expect(observed.members).toHaveLength(2);
    expect(observed.configuration).toMatchObject({ ttl: 30 });
  });

  test('a change of the manifest is exactly that change, and after it nothing is left', () => {
    const golden = read(name);
    const world = worldOf(golden);
    golden.manifest.spec.podAnnotations = { ...golden.manifest.spec.podAnnotations, added: 'x' };
    golden.manifest.spec.env = [];
    const steps = tracksOf(golden, world).flatMap(({ steps: each }) => each);
    const update = steps.find(({ what }) => what.startsWith('update statefulset'));
    expect(update?.why).toEqual([
      'spec.template.metadata.annotations.added: (unset) → x',
      ...(name.includes('complete')
        ? [
            'spec.template.spec.containers[name=postgres].env[name=wal_s3_bucket]: {"name":"wal_s3_bucket","value":"my-custom-bucket"} → (removed)',
          ]
        : []),
    ]);
    world.carryOut({ tracks: tracksOf(golden, world) });
    const left = tracksOf(golden, world).flatMap(({ steps: each }) => each);
    expect(left.filter(({ action }) => action.type === 'apply')).toEqual([]);
    const set = world.get(kinds.statefulSet, golden.manifest.metadata.name) as StatefulSet;
    const entries = (set.metadata.managedFields ?? []).map(
      ({ manager, operation }) => `${manager ?? ''} ${operation ?? ''}`,
    );
    expect(entries).toEqual(['pgherd Apply']);
  });
});
