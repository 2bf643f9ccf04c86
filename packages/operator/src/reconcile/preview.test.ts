import { expect, test } from 'vitest';
import { kinds, type Kind } from '../kinds.ts';
import { observe } from '../observe/observe.ts';
import { stepsOf } from '../plan/step.ts';
import { testConfiguration, testManifest, testPod } from '../testing/cluster.ts';
import { World } from '../testing/world.ts';
import { goalOf } from './goal.ts';
import { preview } from './preview.ts';

const statefulSet = { metadata: { namespace: 'default', name: 'acid-demo', uid: 'a' } };

/** Passwords that roles of a cluster are compared with, whose Secrets are not there, or cannot be seen. */
function passwords(unreadable: Kind[]): (string | null | undefined)[] {
  const { database } = preview({
    manifest: testManifest(),
    live: undefined,
    settings: { configuration: testConfiguration(), named: new Set() },
    source: { get: () => undefined, ofCluster: (kind) => (kind === kinds.statefulSet ? [statefulSet] : []) },
    unreadable,
    deleted: false,
    now: 0,
  });
  return [...new Set(database?.declared.roles.map(({ password }) => password))];
}

test('roles whose Secrets cannot be seen keep their passwords in a plan; those whose Secrets are made get new ones', () => {
  expect(passwords([])).toContain('to be made');
  expect(passwords([kinds.secret])).toEqual([undefined]);
});

test('the plan of a rotation has the statements that follow its Secret', () => {
  const now = Date.parse('2026-11-21T16:00:00Z');
  const configuration = testConfiguration({ kubernetes_use_configmaps: false });
  const status = { PostgresClusterStatus: 'Running', observedGeneration: 1 };
  const written = testManifest({ users: { app: [] }, databases: {}, usersWithSecretRotation: ['app'] });
  const manifest = { ...written, metadata: { ...written.metadata, generation: 1 }, status };
  const settings = { configuration, named: new Set<never>() };
  const world = new World();
  world.set(kinds.pod, testPod({ ordinal: 0, role: 'primary' }));
  world.set(kinds.endpoints, {
    metadata: {
      name: 'acid-demo',
      namespace: 'default',
      labels: { application: 'spilo', 'cluster-name': 'acid-demo' },
      annotations: { leader: 'acid-demo-0' },
    },
  });
  const cluster = { namespace: 'default', name: 'acid-demo' };
  const secrets = goalOf(
    manifest,
    settings,
    observe(world.source(), configuration, cluster, { databaseFingerprint: undefined }),
    { now: 0, newPassword: () => 'old' },
  ).goal.objects.filter(({ kind }) => kind === kinds.secret);
  for (const { object } of secrets) world.set(kinds.secret, object);
  const { plan, database } = preview({
    manifest,
    live: manifest,
    settings,
    source: world.source(),
    unreadable: [],
    deleted: false,
    now,
  });
  expect(stepsOf(plan).map(({ what }) => what)).toContain('rotate the password of app');
  const declared = database?.declared.roles.filter(({ name }) => name.startsWith('app'));
  expect(declared?.map(({ name, memberOf }) => [name, memberOf])).toEqual([
    ['app', undefined],
    ['app261121', ['app']],
  ]);
});
