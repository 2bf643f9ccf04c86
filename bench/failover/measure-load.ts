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
  const at = new Date().toISOString();
  const [loadBefore = 0] = loadavg();
  const beside = atFault();
  let failed: unknown;
  try {
    await scene.act(cluster);
    await rest(afterMs);
  } catch (error) {
    failed = error;
  }
  const gap = await load.finish();
  if (failed !== undefined) throw failed;
  return { outcome: { ...gap, inPlace: false }, at, load: loadBefore, beside };
}
