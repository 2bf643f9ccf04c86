import type { StatefulSet } from '@pgherd/kube/objects';
import { expect, test } from 'vitest';
import { kinds } from '../kinds.ts';
import type { Observed } from '../observe/observed.ts';
import { rememberPods } from '../observe/remembered.ts';
import { waitingOf } from '../reconcile/stalled.ts';
import { render } from '../render/render.ts';
import {
  testConfiguration,
  testManifest,
  testObserved,
  testPod,
  testRemembered,
  withStatus,
} from '../testing/cluster.ts';
import { plan } from './plan.ts';
import { stepsOf, type Plan } from './step.ts';

/** The plan of a rolling update of both pods, in a world that differs from a quiet one by `changes`. */
function rollOut(changes: Partial<Observed>, primaryWorks = true): Plan {
  const remembered = (statefulSet?: StatefulSet) => {
    const before = rememberPods(statefulSet?.spec?.template.spec);
    return testRemembered(before === undefined ? {} : { statefulSet: before });
  };
  const configuration = testConfiguration();
  const live = render({ manifest: testManifest(), configuration, remembered: remembered() }).map((desired) =>
    desired.kind === kinds.statefulSet ? withStatus(desired, 'old') : desired,
  );
  const set = live.find(({ kind }) => kind === kinds.statefulSet)?.object as StatefulSet | undefined;
  const manifest = testManifest({ dockerImage: 'another' });
  const objects = render({ manifest, configuration, remembered: remembered(set) });
  const pods = [
    testPod({ ordinal: 0, role: 'primary', running: primaryWorks }),
    testPod({ ordinal: 1, streaming: primaryWorks }),
  ];
  const observed = { ...testObserved(live, pods, { leader: 'acid-demo-0' }), ...changes };
  const options = { ignoredAnnotations: [], isLazy: false };
  return plan({ objects, database: undefined, configuration: undefined, pods: options }, observed);
}

const lines = (made: Plan) =>
  stepsOf(made).map(
    ({ what, waitFor, isHeld }) =>
      `${what}${waitFor === undefined ? '' : ` | ${waitFor}`}${isHeld ? ' (held)' : ''}`,
  );

test('nothing is held back in a quiet cluster', () => {
  expect(lines(rollOut({}))).toEqual([
    'update statefulset acid-demo',
    'replace pod acid-demo-1',
    'switch over from acid-demo-0 to acid-demo-1',
    'replace pod acid-demo-0',
  ]);
});

test.each([true, 'on', 'true'])(
  'a paused cluster: objects are changed, pods and the primary stay (%s)',
  (pause) => {
    const wait = 'the cluster is paused no more (pgherd resume acid-demo)';
    const made = rollOut({ configuration: { pause } });
    expect(lines(made)).toEqual([
      'update statefulset acid-demo',
      `replace pod acid-demo-1 | ${wait} (held)`,
      `switch over from acid-demo-0 to acid-demo-1 | ${wait} (held)`,
      `replace pod acid-demo-0 | ${wait} (held)`,
    ]);
    // However long that takes, it is no trouble.
    expect(waitingOf(made, undefined, 0)).toBeUndefined();
    expect(lines(rollOut({ configuration: { pause: true } }, false)).slice(1)).toEqual([
      expect.stringContaining(`| ${wait} (held)`),
      expect.stringContaining(`| ${wait} (held)`),
    ]);
  },
);

test('a paused cluster: a restart waits', () => {
  const members = [testPod({ ordinal: 0, role: 'primary' }), testPod({ ordinal: 1 })];
  const observed = testObserved([], members, { leader: 'acid-demo-0' });
  const paused: Observed = {
    ...observed,
    configuration: { pause: true },
    members: observed.members.map((member) => ({ ...member, pendingRestart: true })),
  };
  const goal = {
    objects: [],
    database: undefined,
    configuration: { wanted: {}, applied: [], version: '17' },
    pods: { ignoredAnnotations: [], isLazy: false },
  };
  expect(stepsOf(plan(goal, paused)).map(({ isHeld }) => isHeld)).toEqual([true, true]);
  expect(stepsOf(plan(goal, { ...paused, configuration: {} })).map(({ isHeld }) => isHeld)).toEqual([
    undefined,
    undefined,
  ]);
});

test('a switchover that somebody scheduled is not overwritten, and replicas are replaced meanwhile', () => {
  const asked = { leader: 'acid-demo-0', scheduledAt: '2030-01-01T03:00:00+00:00' };
  expect(lines(rollOut({ asked }))).toEqual([
    'update statefulset acid-demo',
    'replace pod acid-demo-1',
    'switch over from acid-demo-0 to acid-demo-1 | the switchover that somebody scheduled for 2030-01-01T03:00:00+00:00 is over (pgherd switchover acid-demo --cancel) (held)',
    'replace pod acid-demo-0',
  ]);
});

test('a switchover under way holds everything, unless there is no primary that could make it', () => {
  const asked = { leader: 'acid-demo-0', candidate: 'acid-demo-1' };
  const wait = 'the switchover to acid-demo-1 that somebody asked for is over';
  expect(lines(rollOut({ asked }))[1]).toBe(`replace pod acid-demo-1 | ${wait} (held)`);
  expect(lines(rollOut({ asked }, false)).join()).not.toContain('(held)');
});
