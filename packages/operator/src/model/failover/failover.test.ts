import { expect, test, vi } from 'vitest';
import { search } from '../search.ts';
import { checks, type Check } from './checks.ts';
import { via } from './cluster.ts';
import { asBuilt, startWith } from './guards.ts';
import { failoverModel } from './model.ts';

// A busy machine takes its time; each takes seconds at most on an idle one.
vi.setConfig({ testTimeout: 180_000 });

const limits = { depth: Infinity, states: 200_000 };

const inTime = checks.filter(({ deep }) => deep !== true);
const run = ({ behaviour, where, faults }: Check) =>
  search(failoverModel(startWith(where, faults), behaviour), limits);

test.each(inTime.filter(({ expect: expected }) => expected === 'safe'))(
  'safe, $where.mode: $name',
  (check) => {
    const { counterexample, complete } = run(check);
    expect(counterexample).toBeUndefined();
    expect(complete).toBe(true);
  },
);

test.each(inTime.filter(({ expect: expected }) => expected === 'harm'))('harm: $name', (check) => {
  expect(run(check).counterexample?.wrong).toMatch(/acknowledge|the lock is taken/);
});

test.each(['async', 'sync', 'quorum'] as const)('%s: the operator does bring about a failover', (mode) => {
  const model = failoverModel(startWith({ mode, members: 2 }, { kills: 1 }), asBuilt);
  const done = search(
    {
      ...model,
      wrong: ({ record, processes, acknowledged }) => {
        const [, other] = processes;
        const isDone = record.leader === 1 && record.via === via.cleared && other?.postgres === 'primary';
        return isDone && acknowledged !== 0 ? 'done' : undefined;
      },
    },
    limits,
  );
  expect(done.counterexample?.story).toContain('the operator clears the lock of A');
});
