import { expect, test } from 'vitest';
import { kinds } from '../kinds.ts';
import { testObserved, testPod } from '../testing/cluster.ts';
import { testPooler, type TestPooler } from '../testing/pooler.ts';
import { withPoolerPauses } from './pooler-pauses.ts';
import { printPlan } from './print.ts';
import type { Action, Step } from './step.ts';

const ofBoth = [{ name: 'acid-demo-pooler', pods: 2 }, { name: 'acid-demo-pooler-repl' }];

function stepOf(action: Action): Step {
  return { what: 'something', why: ['a reason'], disturbs: 'restart', action };
}

const switchover = stepOf({
  type: 'switchover',
  leader: 'acid-demo-0',
  candidate: 'acid-demo-1',
  leaderAddress: '10.0.0.1',
  candidateAddress: '10.0.0.2',
  maximumLag: 0,
});
const restart = (ordinal: number) =>
  stepOf({ type: 'restart', member: `acid-demo-${ordinal}`, address: `10.0.0.${ordinal + 1}` });
const replace = (ordinal: number) =>
  stepOf({
    type: 'delete',
    kind: kinds.pod,
    namespace: 'default',
    name: `acid-demo-${ordinal}`,
    uid: `uid-${ordinal}`,
  });

/** These steps beside these poolers, in a cluster of two. */
function planned(steps: Step[], poolers: TestPooler[] = ofBoth, leader = { running: true }): Step[] {
  const pods = [testPod({ ordinal: 0, role: 'primary', ...leader }), testPod({ ordinal: 1 })];
  const observed = testObserved(poolers.map(testPooler), pods, { leader: 'acid-demo-0' });
  return withPoolerPauses([{ name: 'pods', steps }], observed).flatMap((track) => track.steps);
}

test('a switchover pauses the pooler of the primary, and that of the replicas connects anew', () => {
  const [step] = planned([switchover]);
  expect(step?.poolers).toEqual({
    namespace: 'default',
    role: 'primary',
    paused: ['acid-demo-pooler'],
    limit: 20,
    afterwards: 'another',
    refreshed: ['acid-demo-pooler-repl'],
  });
  expect(printPlan({ tracks: [{ name: 'pods', steps: step === undefined ? [] : [step] }] })).toContain(
    '        a reason\n        pausing 2 pods of acid-demo-pooler: its clients wait\n',
  );
});

test('a restart and a replacement pause whoever is connected to the member', () => {
  const found = planned([restart(0), restart(1), replace(0), replace(1)]).map(({ poolers }) => poolers);
  expect(found).toMatchObject([
    { role: 'primary', afterwards: 'any', refreshed: [] },
    { role: 'replica', paused: ['acid-demo-pooler-repl'], leaving: 'all', afterwards: 'any', cuts: true },
    { role: 'primary', afterwards: 'way' },
    {
      role: 'replica',
      paused: ['acid-demo-pooler-repl'],
      leaving: '10.0.0.2',
      afterwards: 'way',
      cuts: true,
    },
  ]);
  for (const primary of [found[0], found[2]]) {
    expect(primary).not.toHaveProperty('cuts');
    expect(primary).not.toHaveProperty('leaving');
  }
});

test('the primary that handed over is replaced as a replica', () => {
  const [, last] = planned([switchover, replace(0)]);
  expect(last?.poolers).toMatchObject({ role: 'replica', leaving: '10.0.0.1' });
});

test('a primary that does not serve has no clients that could wait', () => {
  expect(planned([replace(0), switchover], ofBoth, { running: false })).toEqual([replace(0), switchover]);
});

test('clients in the mode session are not helped, and the plan says so', () => {
  const [step] = planned([switchover], [{ name: 'acid-demo-pooler', mode: 'session' }]);
  expect(step).not.toHaveProperty('poolers');
  expect(step?.clients).toEqual(['connections through acid-demo-pooler end: it is in the mode session']);
});

test('of a foreign image it is not known whether it can be paused', () => {
  const image = 'registry.example/acid/pgbouncer:master-32';
  const [step] = planned([switchover], [{ name: 'acid-demo-pooler', image }]);
  expect(step?.poolers?.paused).toEqual(['acid-demo-pooler']);
  expect(step?.clients).toEqual([
    `pausing 1 pod of acid-demo-pooler, if its image can: otherwise transactions through it fail (${image})`,
  ]);
});

test('nothing is paused without poolers, without pods, and by steps that take no server away', () => {
  expect(planned([switchover], [])).toEqual([switchover]);
  expect(planned([switchover], [{ name: 'acid-demo-pooler', pods: 0 }])).toEqual([switchover]);
  const configure = stepOf({ type: 'configure', address: '10.0.0.1', patch: {}, applied: [] });
  const other = stepOf({ type: 'delete', kind: kinds.secret, namespace: 'default', name: 'a', uid: 'u' });
  expect(planned([configure, other])).toEqual([configure, other]);
});
