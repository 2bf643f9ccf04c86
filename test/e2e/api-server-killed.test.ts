import { configMaps, endpoints } from '@pgherd/kube/objects';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { takeApiServerAway } from '../support/api-outage.ts';
import { findBackground } from '../support/background.ts';
import { eventually } from '../support/eventually.ts';
import { LocalCluster } from '../support/local-cluster.ts';
import { clusterManifest } from '../support/manifests.ts';
import { queryOnce, Writer } from '../support/writer.ts';

const name = 'acid-api';
/** How often the API server is killed. */
const kills = 8;
/** Longer than the lease (30 s) and a loop of Patroni (10 s): without failsafe mode the primary would have given up. */
const awayMs = 45_000;

// Both at once: nearly all of it is waiting.
describe.concurrent.each([
  { store: 'endpoints', outage: 'refused' },
  { store: 'configmaps', outage: 'hanging' },
] as const)('Patroni keeps its state in $store', ({ store, outage }) => {
  let local: LocalCluster;

  beforeAll(async () => {
    local = await LocalCluster.start(`e2e-api-${store}`, {
      kubernetes_use_configmaps: String(store === 'configmaps'),
    });
  });
  afterAll(async () => {
    await local?.remove();
  });

  /** Who holds the lock, from the object that the store keeps it in. */
  const leader = async (): Promise<string | undefined> => {
    const namespace = 'default';
    const { metadata } =
      store === 'configmaps'
        ? await local.client.get(configMaps, { namespace, name: `${name}-leader` })
        : await local.client.get(endpoints, { namespace, name });
    return metadata.annotations?.['leader'];
  };

  test(`the API server killed every 5 to 15 s, then ${outage} for longer than the lease: no change of timeline, no error for a writer`, async ({
    expect,
  }) => {
    await local.apply(clusterManifest({ name, instances: 2, synchronous: true }));
    await local.waitForStatus(name, 'Running');
    const address = await local.address(name, 'zalando', 'foo');
    const timeline = (): Promise<unknown[]> =>
      queryOnce(address, 'select timeline_id from pg_control_checkpoint()');
    const [leaderBefore, timelineBefore] = [await leader(), await timeline()];
    const writer = new Writer(address);
    await writer.start();
    for (let killed = 0; killed < kills; killed += 1) {
      // The random moment is the test; nothing is waited for here.
      const pause = 5_000 + Math.random() * 10_000;
      await new Promise((resolve) => setTimeout(resolve, pause));
      const server = await eventually('the server runs', () => findBackground(local.home, 'server'));
      process.kill(server.pid, 'SIGKILL');
      await local.up();
    }
    // The newest leader must know its members: it asks them when the API server is away.
    await local.waitForStatus(name, 'Running');
    const back = await takeApiServerAway(local.home, outage);
    // So long is the test; nothing is waited for here.
    await new Promise((resolve) => setTimeout(resolve, awayMs));
    await back();
    await local.up();
    const { lost, report } = await writer.stopAndFindLost();
    expect({ lost, errors: report.errors }).toEqual({ lost: [], errors: [] });
    expect(report.acknowledged.length).toBeGreaterThan(20 * kills);
    expect([await leader(), await timeline()]).toEqual([leaderBefore, timelineBefore]);
    await local.waitForStatus(name, 'Running');
  });
});
