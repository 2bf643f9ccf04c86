import { loadavg } from 'node:os';
import { setTimeout as rest } from 'node:timers/promises';
import type { Cluster } from './cluster.ts';
import type { AtFault, Measured } from './measure-gap.ts';
import { PgbenchLoad } from './pgbench-load.ts';
import type { Scene } from './scene.ts';

/** How long clients go on afterwards: what waits then is seen. */
const afterMs = 2_000;

/** 200 clients of pgbench work through the pooler; how long one of them waits for one transaction at most. */
export async function measureLoad(cluster: Cluster, scene: Scene, atFault: AtFault): Promise<Measured> {
  const load = await PgbenchLoad.start(await cluster.address('pooler'));
  const [loadBefore = 0] = loadavg();
  const beside = atFault();
  const faultAt = Date.now();
  let failed: unknown;
  try {
    await scene.act(cluster);
    await rest(afterMs);
  } catch (error) {
    failed = error;
  }
  const { longestEndedAt, ...gap } = await load.finish(faultAt);
  if (failed !== undefined) throw failed;
  const phases = { written: Math.round(longestEndedAt - faultAt) };
  const at = new Date(faultAt).toISOString();
  return { outcome: { ...gap, inPlace: false, phases }, at, load: loadBefore, beside };
}
