import { expect, test } from 'vitest';
import { search } from '../search.ts';
import { storeChecks } from './checks.ts';
import { storesModel } from './stores.ts';

const limits = { depth: Infinity, states: 200_000 };
const cases = storeChecks.flatMap((check) => check.modes.map((mode) => ({ ...check, mode })));

test.each(cases.filter(({ expect: expected }) => expected === 'safe'))(
  'safe, $mode: $name',
  ({ procedure, mode }) => {
    const { counterexample, complete } = search(storesModel(procedure, mode), limits);
    expect(counterexample).toBeUndefined();
    expect(complete).toBe(true);
  },
);

test.each(cases.filter(({ expect: expected }) => expected === 'harm'))(
  'harm, $mode: $name',
  ({ procedure, mode }) => {
    expect(search(storesModel(procedure, mode), limits).counterexample?.wrong).toMatch(/two primaries|lost/);
  },
);

test('a cluster that was stopped and started again leads in the new store', () => {
  const model = storesModel(storeChecks[0]!.procedure, 'sync');
  const wrong: typeof model.wrong = ({ processes }) =>
    processes.every(({ alive, store }) => alive && store === 1) && processes[0]?.primary === true
      ? 'done'
      : undefined;
  expect(search({ ...model, wrong }, limits).counterexample?.story).toContain(
    'the operator closes the old lock',
  );
});
