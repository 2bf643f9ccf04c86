/**
 * `make fuzz RUNS=20`: every property test of the stage `unit` again and again with fresh seeds, until one fails or all
 * runs are over. What fails prints its seed; `PROPERTY_SEED=N` repeats it.
 */
import { spawnSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';

const runs = Number(process.argv[2] ?? 20);
if (!Number.isInteger(runs) || runs < 1) {
  console.error(`"${process.argv[2]}" must be a number of runs, at least 1`);
  process.exit(64);
}
const files = globSync(['packages/*/src/**/*.test.ts', 'images/*/**/*.test.ts']).filter((file) =>
  readFileSync(file, 'utf8').includes("from 'fast-check'"),
);
for (let run = 1; run <= runs; run++) {
  console.log(`run ${run} of ${runs}`);
  const { status } = spawnSync('vitest', ['run', '--project', 'unit', '--reporter=dot', ...files], {
    stdio: 'inherit',
    env: { ...process.env, PROPERTY_SEED: 'random' },
  });
  if (status !== 0) process.exit(status ?? 1);
}
