import type { KubeObject } from '@pgherd/kube/objects';
import { describe, expect, test } from 'vitest';
import { kinds, objectKey, type Desired, type Kind } from '../kinds.ts';
import { render } from '../render/render.ts';
import {
  testConfiguration,
  freshSecrets,
  testManifest,
  testObserved,
  testRemembered,
} from '../testing/cluster.ts';
import { planDeletion } from './deletion.ts';
import { unwantedObjects } from './parts.ts';
import { plan } from './plan.ts';
import { stepsOf } from './step.ts';

const secretOf = (role: string) => `${role}.acid-demo.credentials.postgresql.acid.zalan.do`;
const everything = { enableConnectionPooler: true, enableReplicaConnectionPooler: true };

function desiredOf(spec: Parameters<typeof testManifest>[0], changes = {}): Desired[] {
  const configuration = testConfiguration(changes);
  const secrets = freshSecrets(['postgres', 'standby', 'foo_user', 'pooler', 'lookup'], configuration);
  return render({ manifest: testManifest(spec), configuration, remembered: testRemembered({ secrets }) });
}

/** As if made by us: with uid and managedFields. */
function made(desired: Desired[]): Desired[] {
  const managedFields = [{ manager: 'pgherd', operation: 'Apply', fieldsV1: { 'f:spec': {} } }] as never;
  return desired.map(({ kind, object }) => ({
    kind,
    object: { ...object, metadata: { ...object.metadata, uid: 'u', managedFields } },
  }));
}

function removed(before: Desired[], after: Desired[], changes = {}): string[] {
  const found = unwantedObjects(testConfiguration(changes), after, testObserved(before));
  return found.map(({ kind, object }) => `${kind.plural} ${object.metadata.name}`);
}

describe('what is switched off goes', () => {
  const plain = desiredOf({});
  const poolers = made(desiredOf(everything));

  test('poolers with their Services, lists of users and, with the last one, the Secret of their role', () => {
    expect(removed(poolers, plain)).toEqual([
      'deployments acid-demo-pooler',
      'deployments acid-demo-pooler-repl',
      'services acid-demo-pooler',
      'services acid-demo-pooler-repl',
      'secrets acid-demo-pooler-u',
      'secrets acid-demo-pooler-repl-u',
      `secrets ${secretOf('pooler')}`,
    ]);
    expect(removed(poolers, desiredOf({ enableConnectionPooler: true }))).toEqual([
      'deployments acid-demo-pooler-repl',
      'services acid-demo-pooler-repl',
      'secrets acid-demo-pooler-repl-u',
    ]);
    expect(removed(poolers, desiredOf(everything))).toEqual([]);
  });

  test('also the Secret of a role that only the manifest named', () => {
    const before = made(desiredOf({ connectionPooler: { user: 'lookup' } }));
    expect(removed(before, plain)).toContain(`secrets ${secretOf('lookup')}`);
    // But not one that is a user of its own right.
    expect(removed(before, desiredOf({ users: { lookup: [] } }))).not.toContain(
      `secrets ${secretOf('lookup')}`,
    );
  });

  test('the budget that an older pdb_name_format named', () => {
    const renamed = { pdb_name_format: 'other-{cluster}' };
    expect(removed(made(plain), desiredOf({}, renamed), renamed)).toEqual([
      'poddisruptionbudgets postgres-acid-demo-pdb',
    ]);
  });

  test('the backup, also under the name that an older prefix gave it', () => {
    const on = { enableLogicalBackup: true };
    const before = made(desiredOf(on));
    expect(removed(before, plain)).toEqual(['cronjobs logical-backup-acid-demo']);
    expect(removed(before, desiredOf(on))).toEqual([]);
    const renamed = { logical_backup_job_prefix: 'dump-' };
    expect(removed(before, desiredOf(on, renamed), renamed)).toEqual(['cronjobs logical-backup-acid-demo']);
    // One that Zalando's operator made is known by its name.
    const theirs = before.map(({ kind, object }) => {
      const { managedFields: _managed, ...metadata } = object.metadata;
      return { kind, object: { ...object, metadata } };
    });
    expect(removed(theirs, plain)).toEqual(['cronjobs logical-backup-acid-demo']);
  });

  test('last of all, and only once', () => {
    const before = [...poolers.slice(0, 3), ...poolers.filter(({ kind }) => kind === kinds.deployment)];
    const goal = {
      objects: plain,
      unwanted: unwantedObjects(testConfiguration(), plain, testObserved(before)),
      database: undefined,
      configuration: undefined,
      pods: { ignoredAnnotations: [], isLazy: false },
    };
    const steps = stepsOf(plan(goal, testObserved(before)));
    const firstRemoval = steps.findIndex(({ action }) => action.type === 'delete');
    expect(steps.slice(firstRemoval).map(({ what }) => what)).toEqual([
      'delete deployment acid-demo-pooler',
      'delete deployment acid-demo-pooler-repl',
    ]);
    expect(firstRemoval).toBeGreaterThan(0);
    const going = goal.unwanted.map(({ kind, object }) => ({
      kind,
      object: { ...object, metadata: { ...object.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } },
    }));
    expect(
      stepsOf(plan({ ...goal, unwanted: going }, testObserved(before))).map(({ what }) => what),
    ).not.toContain('delete deployment acid-demo-pooler');
  });
});

describe('nothing else goes', () => {
  const foreign = (kind: Kind, name: string, labels = {}, more: Partial<KubeObject> = {}): Desired => ({
    kind,
    object: {
      ...more,
      metadata: { name, namespace: 'default', labels: { 'cluster-name': 'acid-demo', ...labels } },
    },
  });
  const pooler = { 'connection-pooler': 'acid-demo-pooler', application: 'db-connection-pooler' };
  const objects = [
    foreign(kinds.deployment, 'acid-demo-pooler'),
    foreign(kinds.deployment, 'acid-demo-pgadmin', pooler),
    foreign(kinds.service, 'acid-demo-pooler-metrics', pooler),
    foreign(kinds.secret, 'acid-demo-pooler-tls', pooler),
    foreign(kinds.secret, 'mine', pooler, { data: { username: Buffer.from('pooler').toString('base64') } }),
    foreign(kinds.podDisruptionBudget, 'mine'),
    foreign(kinds.cronJob, 'mine', { application: 'spilo-logical-backup' }),
  ];

  test.each(objects.map((each) => [`${each.kind.kind} ${each.object.metadata.name}`, each] as const))(
    'not %s',
    (_name, object) => {
      expect(removed([object], desiredOf({}))).toEqual([]);
      expect(stepsOf(planDeletion(testConfiguration(), testObserved([object])))).toEqual([]);
    },
  );
});

describe('with the cluster', () => {
  const inOther: Desired = {
    kind: kinds.secret,
    object: {
      metadata: { name: secretOf('apps.user'), namespace: 'apps', uid: 'u' },
      data: { username: Buffer.from('apps.user').toString('base64') },
    },
  };
  const deleted = (objects: Desired[], changes = {}) =>
    stepsOf(planDeletion(testConfiguration(changes), testObserved(objects))).flatMap(({ action }) =>
      action.type === 'delete' ? [objectKey(action.kind, action.namespace, action.name)] : [],
    );

  test('poolers go, and Secrets in other namespaces', () => {
    const poolers = made(desiredOf({ enableConnectionPooler: true, enableLogicalBackup: true })).filter(
      ({ object }) => /pooler|backup/.test(object.metadata.name ?? ''),
    );
    expect(deleted([...poolers, inOther])).toEqual([
      'cronjobs/default/logical-backup-acid-demo',
      'deployments/default/acid-demo-pooler',
      'services/default/acid-demo-pooler',
      'secrets/default/acid-demo-pooler-u',
      `secrets/default/${secretOf('pooler')}`,
      `secrets/apps/${secretOf('apps.user')}`,
    ]);
  });

  test('Secrets of roles stay if that is configured, what was made from them does not', () => {
    const poolers = made(desiredOf({ enableConnectionPooler: true })).filter(
      ({ kind }) => kind === kinds.secret,
    );
    expect(deleted([...poolers, inOther], { enable_secrets_deletion: false })).toEqual([
      'secrets/default/acid-demo-pooler-u',
    ]);
  });
});
