import { expect, test } from 'vitest';
import type { Step } from '../plan/step.ts';
import { testObserved, testPod } from '../testing/cluster.ts';
import { noteRestarts, withRestarts, type RestartMemory } from './restart-watch.ts';

const restart: Step = {
  what: 'restart PostgreSQL of acid-demo-0',
  why: [],
  disturbs: 'downtime',
  action: { type: 'restart', member: 'acid-demo-0', address: '' },
};

/** The primary, as it publishes what waits for a restart; `tick` makes two of the same different. */
function published(changes: Record<string, string>, tick: number, state = 'running') {
  const pod = testPod({ ordinal: 0, role: 'primary' });
  const reason = Object.fromEntries(
    Object.entries(changes).map(([name, value]) => [name, { old_value: '1', new_value: value }]),
  );
  const pending = Object.keys(changes).length > 0;
  pod.metadata.annotations = {
    status: JSON.stringify({
      role: 'primary',
      state,
      xlog_location: tick,
      ...(pending ? { pending_restart: true, pending_restart_reason: reason } : {}),
    }),
  };
  return testObserved([], [pod], { leader: 'acid-demo-0' });
}

const isInVain = (observed: ReturnType<typeof published>, memory: RestartMemory, now = 20_000) =>
  withRestarts(observed, memory, now).members[0]?.restartedInVain === true;

test('what still waits after a restart is not a reason for another one', () => {
  const memory: RestartMemory = new Map();
  const before = published({ huge_pages: 'ON' }, 1);
  noteRestarts(memory, [restart], before, 0);
  // It has not spoken since.
  expect(isInVain(before, memory, 1_000)).toBe(false);
  expect(isInVain(published({ huge_pages: 'ON' }, 2), memory)).toBe(true);
  expect(isInVain(published({ huge_pages: 'ON' }, 3), memory)).toBe(true);
});

test('what is published while it restarts, or right after, is no complaint', () => {
  const memory: RestartMemory = new Map();
  noteRestarts(memory, [restart], published({ max_connections: '77' }, 1), 0);
  const during = withRestarts(published({ max_connections: '77' }, 2), memory, 1_000).members[0];
  expect(during?.restartedInVain).toBeUndefined();
  // Nobody else is restarted before it has spoken.
  expect(during?.restartUnheard).toBe(true);
  const after = withRestarts(published({}, 3), memory, 2_000).members[0];
  expect([after?.restartedInVain, after?.restartUnheard]).toEqual([undefined, undefined]);
  expect(memory.size).toBe(0);
});

test('another change is, and so is the same one after none was pending', () => {
  const memory: RestartMemory = new Map();
  noteRestarts(memory, [restart], published({ huge_pages: 'ON' }, 1), 0);
  expect(isInVain(published({ huge_pages: 'ON', wal_buffers: '9' }, 2), memory)).toBe(false);
  noteRestarts(memory, [restart], published({ huge_pages: 'ON' }, 3), 0);
  expect(isInVain(published({}, 4), memory)).toBe(false);
  expect(isInVain(published({ huge_pages: 'ON' }, 5), memory)).toBe(false);
});

test('a member that is just starting has not said that nothing is pending', () => {
  const memory: RestartMemory = new Map();
  noteRestarts(memory, [restart], published({ huge_pages: 'ON' }, 1), 0);
  expect(isInVain(published({}, 2, 'starting'), memory)).toBe(false);
  expect(isInVain(published({ huge_pages: 'ON' }, 3), memory)).toBe(true);
});

test('who has published nothing since is waited for, but not for ever', () => {
  const memory: RestartMemory = new Map();
  const before = published({ huge_pages: 'ON' }, 1);
  noteRestarts(memory, [restart], before, 0);
  const isUnheard = (observed: typeof before, now: number) =>
    withRestarts(observed, memory, now).members[0]?.restartUnheard === true;
  expect(isUnheard(before, 19_000)).toBe(true);
  expect(isUnheard(published({}, 2), 19_000)).toBe(false);
  noteRestarts(memory, [restart], before, 20_000);
  expect(isUnheard(before, 40_000)).toBe(false);
});
