import { parseArgs } from 'node:util';
import { checks, startWith } from './failover/checks.ts';
import { failoverModel } from './failover/model.ts';
import { search, type Limits, type Result } from './search.ts';
import { storeChecks } from './stores/checks.ts';
import { storesModel } from './stores/stores.ts';

const usage = `Searches the models of failovers and of moves between stores for a way to harm. Prints each search with its states.

    node packages/operator/src/model/check.ts [--deep] [--only TEXT] [--states N] [--stories]

    --deep      also the searches that take minutes
    --only      searches with TEXT in their name
    --states    most states of one search (default 3000000)
    --stories   the way to harm, where there is one
`;

const { values } = parseArgs({
  options: {
    deep: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
    states: { type: 'string', default: '3000000' },
    stories: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  process.stdout.write(usage);
  process.exit(0);
}

/** One search by its title. */
interface Entry {
  title: string;
  expect: 'safe' | 'harm';
  deep: boolean;
  run: (limits: Limits) => Result;
}

const entries: Entry[] = [
  ...checks.map(({ name, behaviour, where, faults, expect, deep = false }) => ({
    title: `failover, ${where.mode ?? 'async'}, ${where.members ?? 3} members: ${name}`,
    expect,
    deep,
    run: (limits: Limits) => search(failoverModel(startWith(where, faults), behaviour), limits),
  })),
  ...storeChecks.flatMap(({ name, procedure, modes, expect }) =>
    modes.map((mode) => ({
      title: `move to another store, ${mode}: ${name}`,
      expect,
      deep: false,
      run: (limits: Limits) => search(storesModel(procedure, mode), limits),
    })),
  ),
];

let unexpected = 0;
for (const { title, expect, deep, run } of entries) {
  if ((deep && !values.deep) || !title.includes(values.only)) continue;
  const { counterexample, states, depth, complete } = run({ depth: Infinity, states: Number(values.states) });
  const isSafe = counterexample === undefined && complete;
  const asExpected = expect === 'harm' ? counterexample !== undefined : isSafe;
  if (!asExpected) unexpected += 1;
  const verdict = counterexample?.wrong ?? (complete ? 'no harm, all states' : 'no harm so far, states left');
  process.stdout.write(
    `${asExpected ? 'ok ' : 'NOT'} ${title}\n      ${verdict}; ${states} states, ${depth} steps deep\n`,
  );
  if (counterexample !== undefined && (values.stories || !asExpected))
    process.stdout.write(counterexample.story.map((line, at) => `      ${at + 1}. ${line}\n`).join(''));
}
process.exitCode = unexpected === 0 ? 0 : 1;
