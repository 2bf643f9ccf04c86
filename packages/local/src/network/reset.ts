import type { Engine } from '../engine/engine.ts';
import type { Instance } from '../instance/instance.ts';
import { placesOf, type NodePlace } from '../instance/node-place.ts';
import { removeBridge } from './bridge.ts';
import { run } from './command.ts';
import { removeEngineNetwork } from './engine-network.ts';
import { closeFirewall } from './firewall.ts';
import { tableName } from './ruleset.ts';

/**
 * Removes everything that `startNetwork` made: table, firewall openings, bridge with its route, network of the
 * engine. Safe to repeat. The instance's containers must be gone; otherwise it throws at the last step.
 */
export async function resetNetwork(instance: Instance, engine: Pick<Engine, 'request'>): Promise<void> {
  const table = tableName(instance);
  await run('nft', ['-f', '-'], `table ip ${table} {}\ndelete table ip ${table}\n`);
  for (const place of placesOf(instance)) await removeNodeNetwork(instance, place, engine);
}

/** Removes what `startNetwork` made for one node. Its containers must be gone. */
export async function removeNodeNetwork(
  instance: Instance,
  place: NodePlace,
  engine: Pick<Engine, 'request'>,
): Promise<void> {
  await closeFirewall({ ...instance, bridgeName: place.bridgeName });
  await removeEngineNetwork(engine, place);
  await removeBridge(place);
}
