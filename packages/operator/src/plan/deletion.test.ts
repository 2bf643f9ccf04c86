import type { KubeObject } from '@pgherd/kube/objects';
import { expect, test } from 'vitest';
import { kinds, objectKey, type Kind } from '../kinds.ts';
import type { Observed } from '../observe/observed.ts';
import { testConfiguration, testObserved, testPod } from '../testing/cluster.ts';
import { planDeletion } from './deletion.ts';
import { stepsOf } from './step.ts';

function world(existing: [Kind, string, Partial<KubeObject>?][], pods = 0): Observed {
  const members = Array.from({ length: pods }, (_, ordinal) => testPod({ ordinal }));
  for (const pod of members)
    pod.metadata.ownerReferences = [
      { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'acid-demo', uid: 'u' },
    ];
  const objects = existing.map(([kind, name, more = {}]): [string, KubeObject] => [
    objectKey(kind, 'default', name),
    { ...more, metadata: { name, namespace: 'default', uid: `uid of ${name}`, ...more.metadata } },
  ]);
  return { ...testObserved([], members), objects: new Map(objects) };
}

function whats(observed: Observed, configuration = testConfiguration()): string[] {
  return stepsOf(planDeletion(configuration, observed)).map(
    ({ what, waitFor }) => what + (waitFor === undefined ? '' : ` | ${waitFor}`),
  );
}

const secret = (role: string): [Kind, string, Partial<KubeObject>] => [
  kinds.secret,
  `${role}.acid-demo.credentials.postgresql.acid.zalan.do`,
  { data: { username: Buffer.from(role).toString('base64') } },
];

test('pods go first, and nothing else before they are gone', () => {
  const existing: [Kind, string][] = [
    [kinds.statefulSet, 'acid-demo'],
    [kinds.service, 'acid-demo'],
    [kinds.endpoints, 'acid-demo'],
  ];
  expect(whats(world(existing, 2))).toEqual([
    'delete statefulset acid-demo',
    'delete service acid-demo | pods acid-demo-0, acid-demo-1 are gone',
    'delete endpoints acid-demo',
  ]);
});

test('everything that Patroni made goes, in both stores', () => {
  expect(
    whats(
      world([
        [kinds.service, 'acid-demo-config'],
        [kinds.endpoints, 'acid-demo-config'],
        [kinds.endpoints, 'acid-demo-failover'],
        [kinds.configMap, 'acid-demo-leader'],
        [kinds.configMap, 'acid-demo-sync'],
      ]),
    ),
  ).toEqual([
    'delete service acid-demo-config',
    'delete endpoints acid-demo-config',
    'delete endpoints acid-demo-failover',
    'delete configmap acid-demo-leader',
    'delete configmap acid-demo-sync',
  ]);
});

test('Secrets and volumes go or stay as configured', () => {
  const existing: [Kind, string, Partial<KubeObject>?][] = [
    secret('foo'),
    [kinds.claim, 'pgdata-acid-demo-0'],
  ];
  expect(whats(world(existing))).toHaveLength(2);
  const keep = testConfiguration({
    enable_secrets_deletion: false,
    enable_persistent_volume_claim_deletion: false,
  });
  expect(whats(world(existing), keep)).toEqual([]);
});

test('the Secret of a role goes also when it names the user of a rotation', () => {
  const [kind, name] = secret('foo');
  const naming = (username: string): [Kind, string, Partial<KubeObject>] => [
    kind,
    name,
    { data: { username: Buffer.from(username).toString('base64') } },
  ];
  expect(whats(world([naming('foo261121')]))).toEqual([`delete secret ${name}`]);
  expect(whats(world([naming('foo_261121')]))).toEqual([]);
});

test('what merely carries our labels is left alone', () => {
  expect(
    whats(
      world([
        [kinds.secret, 'backup-key', { data: { username: 'Zm9v' } }],
        [kinds.configMap, 'acid-demo-scripts'],
        [kinds.service, 'acid-demo-of-somebody'],
        [kinds.claim, 'pgdata-acid-demo-backup'],
      ]),
    ),
  ).toEqual([]);
});

test('what somebody else holds back does not hold back the rest', () => {
  const held: Partial<KubeObject> = { metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } };
  expect(whats(world([[kinds.service, 'acid-demo', held], secret('foo')]))).toEqual([
    'delete secret foo.acid-demo.credentials.postgresql.acid.zalan.do',
    'delete service acid-demo | service acid-demo is gone',
  ]);
});

test('pods that lost their StatefulSet are deleted one by one', () => {
  const observed = testObserved([], [testPod({ ordinal: 0 })]);
  expect(whats(observed)).toEqual(['delete pod acid-demo-0']);
});

test('the reason for deleting a volume says that its data is lost', () => {
  const configuration = { ...testConfiguration(), enable_persistent_volume_claim_deletion: true };
  const found = world([
    [kinds.service, 'acid-demo'],
    [kinds.claim, 'pgdata-acid-demo-0'],
  ]);
  expect(stepsOf(planDeletion(configuration, found)).map(({ what, why }) => [what, ...why])).toEqual([
    ['delete service acid-demo', 'the manifest was deleted'],
    [
      'delete persistentvolumeclaim pgdata-acid-demo-0',
      'enable_persistent_volume_claim_deletion: what is on the volume is lost',
    ],
  ]);
});
