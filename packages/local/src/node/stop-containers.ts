import type { Logger } from '@pgherd/kube/objects';
import { EngineError, type Engine } from '../engine/engine.ts';
import type { Instance } from '../instance/instance.ts';
import { LABEL } from './labels.ts';

/** The parts of the engine's container list that matter here. */
interface ListedContainer {
  Id: string;
  Labels?: Record<string, string>;
}

/** Longest grace that a pod gets when all of an instance is stopped, in seconds. */
const maxGraceSeconds = 60;

async function listContainers(engine: Engine, instance: Instance): Promise<ListedContainer[]> {
  const filters = JSON.stringify({ label: [`${LABEL.instance}=${instance.id}`] });
  return engine.request('GET', `/containers/json?all=true&filters=${encodeURIComponent(filters)}`);
}

/** Gone meanwhile, or stopped already, is what was wanted. */
async function ignoreGone(work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!(error instanceof EngineError) || ![304, 404].includes(error.code)) throw error;
  }
}

/**
 * Stops all pods of an instance and removes their containers: members first, each with its grace, then the sandboxes
 * that hold their network. Volumes and the registry's objects stay; the next start makes the pods anew. Nobody else may
 * be restarting containers meanwhile.
 */
export async function stopAllContainers(engine: Engine, instance: Instance, log: Logger): Promise<void> {
  const containers = await listContainers(engine, instance);
  if (containers.length === 0) return;
  log.info({ containers: containers.length }, 'stopping all pods');
  const members = containers.filter((container) => container.Labels?.[LABEL.container] !== undefined);
  const sandboxes = containers.filter((container) => container.Labels?.[LABEL.container] === undefined);
  await Promise.all(
    members.map(async ({ Id, Labels }) => {
      const grace = Math.min(Number(Labels?.[LABEL.gracePeriod] ?? 30), maxGraceSeconds);
      await ignoreGone(engine.request('POST', `/containers/${Id}/stop?t=${grace}`));
      await ignoreGone(engine.request('DELETE', `/containers/${Id}?force=true&v=true`));
    }),
  );
  await removeContainers(engine, sandboxes);
}

/** Kills and removes all containers of an instance at once, without grace. */
export async function removeAllContainers(engine: Engine, instance: Instance, log: Logger): Promise<void> {
  const containers = await listContainers(engine, instance);
  if (containers.length > 0) log.info({ containers: containers.length }, 'removing all pods');
  const isMember = (container: ListedContainer): boolean => container.Labels?.[LABEL.container] !== undefined;
  // An engine refuses to remove a sandbox whose network others still use.
  await removeContainers(engine, containers.filter(isMember));
  await removeContainers(
    engine,
    containers.filter((container) => !isMember(container)),
  );
}

async function removeContainers(engine: Engine, containers: readonly ListedContainer[]): Promise<void> {
  await Promise.all(
    containers.map(({ Id }) => ignoreGone(engine.request('DELETE', `/containers/${Id}?force=true&v=true`))),
  );
}
