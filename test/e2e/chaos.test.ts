import { afterAll, beforeAll, expect, test } from 'vitest';
import { allFaults } from '../chaos/faults/index.ts';
import { isGood, runRound, waitUntilWhole } from '../chaos/run.ts';
import { chaosManifest } from '../chaos/manifest.ts';
import { scheduleOf } from '../chaos/schedule.ts';
import { World } from '../chaos/world.ts';
import { LocalCluster } from '../support/local-cluster.ts';

const cluster = 'acid-chaos';

/** Rounds of `make chaos` with this seed, as many as there is time for here. */
const seed = 226;
const rounds = scheduleOf(
  seed,
  allFaults.map(({ id }) => id),
).slice(0, 4);

let local: LocalCluster;
let world: World;

beforeAll(async () => {
  local = await LocalCluster.start('chaos', {
    enable_persistent_volume_claim_deletion: 'true',
    // Five minutes are long for a test.
    replica_rebuild_after: '10s',
  });
  await local.apply(chaosManifest(cluster));
  world = new World(local, cluster);
  await waitUntilWhole(world);
});
afterAll(async () => {
  await local?.remove();
});

test.each(rounds)('$faults for $holdMs ms: nothing lost, one primary, whole again', async (round) => {
  const report = await runRound(world, allFaults, round);
  expect(report).toSatisfy(isGood);
});
