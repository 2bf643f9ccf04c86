import type { StatefulSet } from '@pgherd/kube/objects';
import { expect, test } from 'vitest';
import { kinds, type Desired } from '../kinds.ts';
import { render } from '../render/render.ts';
import {
  testConfiguration,
  testManifest,
  testObserved,
  testPod,
  testRemembered,
  withStatus,
  type TestPod,
} from '../testing/cluster.ts';
import { plan } from './plan.ts';
import { stepsOf } from './step.ts';

/** Three members; pods of `old` have the image that was, those of `new` the one that is wanted. */
function world(image: string, numberOfInstances = 3): Desired[] {
  const manifest = testManifest({ numberOfInstances, dockerImage: image });
  return render({ manifest, configuration: testConfiguration(), remembered: testRemembered() });
}

const specOf = (objects: Desired[]) => {
  const set = objects.find(({ kind }) => kind === kinds.statefulSet)?.object as StatefulSet | undefined;
  return set?.spec?.template.spec ?? {};
};

const wanted = world('new');
const seen = (objects: Desired[]) =>
  objects.map((desired) => (desired.kind === kinds.statefulSet ? withStatus(desired, 'new') : desired));
const standing = seen(wanted);
const pair = seen(world('new', 2));

type Case = Omit<TestPod, 'spec' | 'ordinal'> & {
  image: 'old' | 'new';
  marked?: boolean;
  /** Role whose former password the pod knows. */
  former?: string;
  copiesLong?: boolean;
};

function podOf(ordinal: number, { image, marked, former, ...pod }: Case) {
  const made = testPod({ ordinal, revision: image, spec: specOf(world(image)), ...pod });
  if (former !== undefined) {
    made.metadata.annotations = { ...made.metadata.annotations, 'pgherd.dev/former-password': former };
  }
  if (marked === true) {
    made.metadata.annotations = {
      ...made.metadata.annotations,
      'zalando-postgres-operator-rolling-update-required': 'true',
    };
  }
  return made;
}

function stepsFor(
  members: (Case | undefined)[],
  more: {
    leader?: number | undefined;
    syncStandbys?: string[];
    isLazy?: boolean;
    awaitsPasswords?: boolean;
    objects?: Desired[];
    /** Patroni's dynamic configuration. */
    configuration?: Record<string, unknown>;
  } = {},
): string[] {
  const {
    leader = 0,
    objects = standing,
    configuration,
    syncStandbys,
    isLazy = false,
    awaitsPasswords = false,
  } = more;
  const pods = members.flatMap((member, ordinal) => (member === undefined ? [] : [podOf(ordinal, member)]));
  const observed = testObserved(objects, pods, {
    leader: leader < 0 ? undefined : `acid-demo-${leader}`,
    syncStandbys,
    configuration,
  });
  for (const member of observed.members)
    if (members[member.ordinal]?.copiesLong === true) member.copiesLong = true;
  const goal = {
    objects: objects === pair ? pair : wanted,
    database: undefined,
    configuration: undefined,
    pods: { ignoredAnnotations: [], isLazy, awaitsPasswords },
  };
  return stepsOf(plan(goal, observed)).map(
    ({ what, disturbs, waitFor }) =>
      `${what.replaceAll('acid-demo-', '')} [${disturbs}]${waitFor === undefined ? '' : ` until ${waitFor.replaceAll('acid-demo-', '')}`}`,
  );
}

const oldPrimary: Case = { image: 'old', role: 'primary' };
const newPrimary: Case = { image: 'new', role: 'primary' };
const old: Case = { image: 'old' };
const fresh: Case = { image: 'new' };
const broken: Case = { image: 'old', running: false, streaming: false };
const brokenNew: Case = { image: 'new', running: false, streaming: false };

const failed: Case = { image: 'old', streaming: false, state: 'start failed' };
/** Runs, and streams from nobody. */
const paused: Case = { image: 'old', streaming: false, state: 'running' };

test.each<[string, Parameters<typeof stepsFor>, string[]]>([
  [
    'replicas from the highest ordinal, a switchover, then the old primary',
    [[oldPrimary, old, old]],
    [
      'replace pod 2 [restart]',
      'replace pod 1 [restart]',
      'switch over from 0 to 1 [switchover]',
      'replace pod 0 [restart]',
    ],
  ],
  [
    'one at a time: the next waits for the one before to stream',
    [[oldPrimary, old, { ...fresh, streaming: false }]],
    [
      'replace pod 1 [restart] until 2 streams',
      'switch over from 0 to 1 [switchover]',
      'replace pod 0 [restart]',
    ],
  ],
  [
    'one at a time: a pod on its way out is waited for',
    [[oldPrimary, old, { ...old, deleting: true }]],
    [
      'replace pod 1 [restart] until 2 is gone',
      'switch over from 0 to 1 [switchover]',
      'replace pod 0 [restart]',
    ],
  ],
  [
    'it stops at a new pod that does not come back',
    [[oldPrimary, old, brokenNew]],
    [
      'replace pod 1 [restart] until 2 streams',
      'switch over from 0 to 1 [switchover]',
      'replace pod 0 [restart]',
    ],
  ],
  [
    'the role goes to a member that is new and furthest',
    [[oldPrimary, { ...fresh, location: 5 }, { ...fresh, location: 9 }]],
    ['switch over from 0 to 2 [switchover]', 'replace pod 0 [restart]'],
  ],
  [
    'in synchronous mode the role goes to a synchronous standby',
    [[oldPrimary, { ...fresh, location: 5 }, { ...fresh, location: 9 }], { syncStandbys: ['acid-demo-1'] }],
    ['switch over from 0 to 1 [switchover]', 'replace pod 0 [restart]'],
  ],
  [
    'without anybody who can take over the primary is left alone',
    [[oldPrimary, fresh, fresh], { syncStandbys: [] }],
    [
      'switch over from 0 to another member [switchover] until a member that can take over streams',
      'replace pod 0 [restart]',
    ],
  ],
  [
    'after the switchover the old primary is a replica like others',
    [[old, newPrimary, fresh], { leader: 1 }],
    ['replace pod 0 [restart]'],
  ],
  ['all new: nothing', [[newPrimary, fresh, fresh]], []],
  [
    'a broken pod of the old template goes first: it has nothing to lose',
    [[oldPrimary, broken, old]],
    [
      'replace pod 1 [restart]',
      'replace pod 2 [restart]',
      'switch over from 0 to 2 [switchover]',
      'replace pod 0 [restart]',
    ],
  ],
  [
    'everything broken by a bad image: the last primary first, the others do not wait for it',
    [[{ ...broken, role: 'primary' }, broken, broken]],
    ['replace pod 0 [downtime]', 'replace pod 2 [restart]', 'replace pod 1 [restart]'],
  ],
  [
    'everything broken, one already replaced: the rest follows',
    [[{ ...brokenNew, role: 'primary' }, broken, broken]],
    ['replace pod 2 [restart]', 'replace pod 1 [restart]'],
  ],
  [
    'nobody serves, and PostgreSQL of all does not start: all are replaced',
    [[failed, failed, failed], { leader: -1 }],
    ['replace pod 2 [restart]', 'replace pod 1 [restart]', 'replace pod 0 [restart]'],
  ],
  [
    'nobody serves, pods are missing or on their way out: those that are broken do not wait for them',
    [[{ ...broken, role: 'primary' }, { ...broken, deleting: true }, undefined]],
    ['replace pod 0 [downtime]'],
  ],
  [
    'a primary that died in the middle of a roll: a replica that runs may be elected, and stays',
    [[{ ...brokenNew, role: 'primary' }, paused, fresh]],
    ['replace pod 1 [restart] until a primary accepts writes'],
  ],
  [
    'the same before the roll began: the dead one is replaced, the others wait for a primary',
    [[{ ...broken, role: 'primary' }, paused, paused]],
    [
      'replace pod 0 [downtime]',
      'replace pod 1 [restart] until a primary accepts writes',
      'replace pod 2 [restart]',
    ],
  ],
  [
    'a primary that recovers after a crash is not interrupted',
    [[{ ...oldPrimary, state: 'starting' }, paused, paused]],
    [
      'replace pod 1 [restart] until a primary accepts writes',
      'replace pod 2 [restart]',
      'switch over from 0 to another member [switchover]',
      'replace pod 0 [restart]',
    ],
  ],
  [
    'a replica that copies its data is not made to begin anew, and no other goes meanwhile',
    [[oldPrimary, { ...old, streaming: false, state: 'creating replica' }, old]],
    [
      'replace pod 1 [restart] until 1 has copied its data',
      'replace pod 2 [restart]',
      'switch over from 0 to 2 [switchover]',
      'replace pod 0 [restart]',
    ],
  ],
  [
    'a replica that has copied for too long is replaced: it serves nobody, and the roll would wait for ever',
    [[oldPrimary, { ...old, streaming: false, state: 'creating replica', copiesLong: true }, old]],
    [
      'replace pod 1 [restart]',
      'replace pod 2 [restart]',
      'switch over from 0 to 2 [switchover]',
      'replace pod 0 [restart]',
    ],
  ],
  [
    'a new replica that copies is waited for however long it takes',
    [[oldPrimary, { ...fresh, streaming: false, state: 'creating replica', copiesLong: true }, old]],
    [
      'replace pod 2 [restart] until 1 streams',
      'switch over from 0 to 2 [switchover]',
      'replace pod 0 [restart]',
    ],
  ],
  [
    'a broken pod that keeps Kubernetes from making the next one is replaced although that is missing',
    [[newPrimary, broken, undefined]],
    ['replace pod 1 [restart]'],
  ],
  [
    'a sidecar that crashes in all replicas: from the lowest up, because none is made above one that is not ready',
    [[newPrimary, { ...old, sidecarCrashes: true }, { ...old, sidecarCrashes: true }]],
    ['replace pod 1 [restart]', 'replace pod 2 [restart]'],
  ],
  [
    'a sidecar that crashes in the pod of the primary too: that holds up all above it',
    [[{ ...oldPrimary, sidecarCrashes: true }, { ...old, sidecarCrashes: true }, undefined]],
    ['switch over from 0 to 1 [switchover]', 'replace pod 0 [restart]', 'replace pod 1 [restart]'],
  ],
  [
    'two members: the only replica goes, the primary stays until it streams',
    [[oldPrimary, undefined], { objects: pair }],
    [
      'switch over from 0 to another member [switchover] until 1 missing pod is created',
      'replace pod 0 [restart]',
    ],
  ],
  [
    'two members, and commits that must wait for the one that goes: that is downtime, and said',
    [
      [oldPrimary, old],
      { objects: pair, configuration: { synchronous_mode: true, synchronous_mode_strict: true } },
    ],
    ['replace pod 1 [downtime]', 'switch over from 0 to 1 [switchover]', 'replace pod 0 [downtime]'],
  ],
  [
    'nobody is primary and nobody is broken: it waits',
    [[old, old, old], { leader: -1 }],
    [
      'replace pod 2 [restart] until a primary accepts writes',
      'replace pod 1 [restart]',
      'replace pod 0 [restart]',
    ],
  ],
  [
    'a pod that was deleted and not made again yet',
    [[oldPrimary, old, undefined]],
    [
      'replace pod 1 [restart] until 1 missing pod is created',
      'switch over from 0 to 1 [switchover]',
      'replace pod 0 [restart]',
    ],
  ],
  [
    'a mark of another operator that did not finish is enough',
    [[newPrimary, { ...fresh, marked: true }, fresh]],
    ['replace pod 1 [restart]'],
  ],
  [
    'all that know a former password, the primary last',
    [[{ ...newPrimary, former: 'standby' }, { ...fresh, former: 'standby' }, fresh]],
    ['replace pod 1 [restart]', 'switch over from 0 to 1 [switchover]', 'replace pod 0 [restart]'],
  ],
  [
    'not before PostgreSQL has the new one',
    [[newPrimary, { ...fresh, former: 'postgres' }, fresh], { awaitsPasswords: true }],
    ['replace pod 1 [restart] until PostgreSQL has the new password'],
  ],
  [
    'what is to be replaced anyway does not wait for passwords',
    [[newPrimary, { ...old, former: 'postgres' }, fresh], { awaitsPasswords: true }],
    ['replace pod 1 [restart]'],
  ],
  ['a new image may wait for another reason', [[oldPrimary, old, old], { isLazy: true }], []],
  [
    'with another reason the new image comes along',
    [[oldPrimary, old, { ...old, marked: true }], { isLazy: true }],
    ['replace pod 2 [restart]'],
  ],
])('%s', (_name, input, steps) => {
  expect(stepsFor(...input)).toEqual(steps);
});

test('a template that changes again replaces exactly the pods that differ from it', () => {
  // The StatefulSet has a bad image, one pod took it and does not come up; then the image is the old one again.
  const bad = world('bad').map((desired) =>
    desired.kind === kinds.statefulSet ? withStatus(desired, 'bad') : desired,
  );
  const stuck: Case = { ...brokenNew };
  const members = [newPrimary, fresh, { ...stuck, image: 'old' as const }];
  expect(stepsFor(members, { objects: bad })).toEqual([
    'update statefulset acid-demo [nothing]',
    'replace pod 2 [restart]',
  ]);
});

test('pods are outdated from the moment that the template changes, before its controller has seen it', () => {
  const unseen = world('new').map((desired) => {
    if (desired.kind !== kinds.statefulSet) return desired;
    const { kind, object } = withStatus(desired, 'old');
    return { kind, object: { ...object, metadata: { ...object.metadata, generation: 2 } } };
  });
  expect(stepsFor([oldPrimary, fresh], { objects: unseen })).toEqual([
    'switch over from 0 to 1 [switchover] until the StatefulSet controller has seen generation 2',
    'replace pod 0 [restart]',
  ]);
});

test('the next pod waits until every container of the one before runs', () => {
  const crashing: Case = { image: 'new', ready: false };
  expect(stepsFor([oldPrimary, old, crashing])[0]).toBe('replace pod 1 [restart] until 2 is ready');
  expect(stepsFor([oldPrimary, old, { ...crashing, ready: true }])[0]).toBe('replace pod 1 [restart]');
  // What the old template made unready is what the new one is for.
  expect(stepsFor([oldPrimary, { ...old, ready: false }, fresh])[0]).toBe('replace pod 1 [restart]');
});

test('the next pod waits until the containers of the one before have run for a while', () => {
  const pods = [podOf(0, oldPrimary), podOf(1, old), podOf(2, fresh)];
  const observed = testObserved(standing, pods, { leader: 'acid-demo-0' });
  const members = observed.members.map((each) => (each.ordinal === 2 ? { ...each, settling: true } : each));
  const goal = {
    objects: wanted,
    database: undefined,
    configuration: undefined,
    pods: { ignoredAnnotations: [], isLazy: false },
  };
  const [first] = stepsOf(plan(goal, { ...observed, members }));
  expect(first?.waitFor).toBe('acid-demo-2 stays ready');
});

test('PostgreSQL of no member is restarted while pods are replaced, and not twice', () => {
  const pods = [podOf(0, newPrimary), podOf(1, old), podOf(2, fresh)];
  for (const pod of pods) {
    const status = JSON.parse(pod.metadata.annotations?.['status'] ?? '{}') as object;
    pod.metadata.annotations = { status: JSON.stringify({ ...status, pending_restart: true }) };
  }
  const observed = testObserved(standing, pods, { leader: 'acid-demo-0', configuration: {} });
  const goal = {
    objects: wanted,
    database: undefined,
    configuration: { wanted: {}, applied: [], version: '17' },
    pods: { ignoredAnnotations: [], isLazy: false },
  };
  expect(stepsOf(plan(goal, observed)).map(({ what, waitFor }) => [what, waitFor])).toEqual([
    ['replace pod acid-demo-1', undefined],
    ['restart PostgreSQL of acid-demo-2', 'the rolling update is done'],
    ['restart PostgreSQL of acid-demo-0', undefined],
  ]);
});
