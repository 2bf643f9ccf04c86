import type { MemberView } from '@pgherd/patroni';
import { expect, test } from 'vitest';
import type { Situation, Standing } from './situation.ts';
import { chooseForFailover, chooseForSwitchover, lossOf } from './successor.ts';

const MiB = 1024 * 1024;

function standing(name: string, view: Partial<MemberView> = {}, more: Partial<Standing> = {}): Standing {
  const replica = {
    role: 'replica',
    state: 'running',
    replicationState: 'streaming',
    timeline: 3,
    location: 100,
  };
  const silent = { pendingRestart: false, paused: false, replication: [], raw: {} };
  return { name, leaving: false, silence: '', view: { ...silent, ...replica, ...view }, ...more };
}

const primary = standing('a-0', { role: 'primary', location: 100 });

function situation(replicas: Standing[], more: Partial<Situation> = {}): Situation {
  return {
    namespace: 'default',
    name: 'a',
    holder: 'a-0',
    members: [primary, ...replicas],
    paused: false,
    mode: 'asynchronous',
    synchronous: [],
    maximumLag: 16 * MiB,
    asked: undefined,
    steps: [],
    ...more,
  };
}

test('the replica that is least behind is chosen, and the named one if there is one', () => {
  const both = situation([standing('a-1', { location: 90 }), standing('a-2', { location: 95 })]);
  expect(chooseForSwitchover(both, undefined).name).toBe('a-2');
  expect(chooseForSwitchover(both, 'a-1').name).toBe('a-1');
  expect(() => chooseForSwitchover(both, 'a-3')).toThrow('no member a-3; members are: a-0, a-1, a-2');
});

test.each<[string, Partial<MemberView>, Partial<Standing>, RegExp]>([
  ['not running', { state: 'starting' }, {}, /PostgreSQL is starting/],
  ['not streaming', { replicationState: 'in archive recovery' }, {}, /does not stream \(in archive/],
  ['another timeline', { timeline: 2 }, {}, /timeline 2, the primary on 3/],
  ['tag', { raw: { tags: { nofailover: true } } }, {}, /nofailover/],
  ['priority', { raw: { tags: { failover_priority: 0 } } }, {}, /nofailover/],
  ['on its way out', {}, { leaving: true }, /about to go/],
  ['no answer', {}, { view: undefined, silence: 'no route' }, /does not answer \(no route\)/],
])('%s: refused, named or not', (_what, view, more, why) => {
  const only = situation([standing('a-1', view, more)]);
  expect(() => chooseForSwitchover(only, 'a-1')).toThrow(why);
  expect(() => chooseForSwitchover(only, undefined)).toThrow(why);
});

test('behind by more than is allowed', () => {
  const far = situation([standing('a-1', { location: 0 })], {
    members: [standing('a-0', { role: 'primary', location: 64 * MiB }), standing('a-1', { location: 0 })],
  });
  expect(() => chooseForSwitchover(far, 'a-1')).toThrow('64.0 MiB behind, and may be 16.0 MiB');
  expect(chooseForSwitchover({ ...far, maximumLag: 64 * MiB }, 'a-1').name).toBe('a-1');
});

test.each(['synchronous', 'quorum'] as const)('%s: only a member that commits wait for', (mode) => {
  const strict = situation([standing('a-1', { location: 99 }), standing('a-2', { location: 95 })], {
    mode,
    synchronous: ['a-2'],
  });
  expect(chooseForSwitchover(strict, undefined).name).toBe('a-2');
  expect(() => chooseForSwitchover(strict, 'a-1')).toThrow('commits do not wait for it');
  expect(chooseForFailover(strict, undefined).name).toBe('a-2');
  expect(lossOf(strict, standing('a-2'))).toBeUndefined();
  expect(lossOf(strict, standing('a-1'))).toContain('commits do not wait for it, but for a-2');
});

test('a cluster of one, and one without a primary', () => {
  expect(() => chooseForSwitchover(situation([]), undefined)).toThrow('one member only');
  const headless = situation([standing('a-1')], { members: [standing('a-1')] });
  expect(() => chooseForSwitchover(headless, undefined)).toThrow(/no working primary.*pgherd failover a/);
});

test('failover: whoever has most, whatever the primary does; nobody who must not', () => {
  const dead = standing('a-0', {}, { view: undefined, silence: 'gone' });
  const left = situation([], {
    members: [
      dead,
      standing('a-1', { location: 90, replicationState: 'in archive recovery' }),
      standing('a-2', { location: 99, raw: { tags: { nofailover: true } } }),
    ],
  });
  expect(chooseForFailover(left, undefined).name).toBe('a-1');
  expect(() => chooseForFailover(left, 'a-2')).toThrow('nofailover');
  expect(() => chooseForFailover(left, 'a-0')).toThrow('does not answer (gone)');
  expect(lossOf(left, standing('a-1', { location: 90 }))).toMatch(
    /a-0 acknowledged and a-1 has not received/,
  );
  expect(() => chooseForFailover(situation([]), undefined)).toThrow('there is no other member');
  expect(() => chooseForFailover(situation([standing('a-1')]), 'a-0')).toThrow('a-0 is the primary');
});
