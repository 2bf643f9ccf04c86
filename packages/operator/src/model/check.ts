import { parseArgs } from 'node:util';
import { checks, startWith } from './failover/checks.ts';
import { failoverModel } from './failover/model.ts';
import { search } from './search.ts';

const usage = `Searches the model of failovers for a way to harm. Prints each search with its states.

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

let unexpected = 0;
for (const { name, behaviour, where, faults, expect, deep = false } of checks) {
  if ((deep && !values.deep) || !name.includes(values.only)) continue;
  const limits = { depth: Infinity, states: Number(values.states) };
  const result = search(failoverModel(startWith(where, faults), behaviour), limits);
  const { counterexample, states, depth, complete } = result;
  const asExpected =
    expect === 'harm' ? counterexample !== undefined : counterexample === undefined && complete;
  if (!asExpected) unexpected += 1;
  const verdict = counterexample?.wrong ?? (complete ? 'no harm, all states' : 'no harm so far, states left');
  process.stdout.write(
    `${asExpected ? 'ok ' : 'NOT'} ${where.mode ?? 'async'}, ${where.members ?? 3} members: ${name}\n      ${verdict}; ${states} states, ${depth} steps deep\n`,
  );
  if (counterexample !== undefined && (values.stories || !asExpected))
    process.stdout.write(counterexample.story.map((line, at) => `      ${at + 1}. ${line}\n`).join(''));
}
process.exitCode = unexpected === 0 ? 0 : 1;
