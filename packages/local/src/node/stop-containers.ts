import type { Logger } from '@pgherd/kube/objects';
import { EngineError, type Engine } from '../engine/engine.ts';
import type { Instance } from '../instance/instance.ts';
import { LABEL } from './labels.ts';
import { isOnNode, type OwnNode } from './runtime.ts';

/** The parts of the engine's container list that matter here. */
interface ListedContainer {
  Id: string;
  Labels?: Record<string, string>;
}

/** Longest grace that a pod gets when all of an instance is stopped, in seconds. */
const maxGraceSeconds = 60;

const isMember = (container: ListedContainer): boolean => container.Labels?.[LABEL.container] !== undefined;

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

/** An engine that is in the middle of something with a container refuses; this often it is asked again. */
const ATTEMPTS = 3;

/**
 * Stops all pods of an instance and removes their containers: members first, each with its grace, then the sandboxes
 * that hold their network. Volumes and the registry's objects stay; the next start makes the pods anew. Nobody else may
 * be restarting containers meanwhile.
 */
export async function stopAllContainers(engine: Engine, instance: Instance, log: Logger): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const containers = await listContainers(engine, instance);
    if (containers.length === 0) return;
    if (attempt === 1) log.info({ containers: containers.length }, 'stopping all pods');
    const results = await Promise.allSettled(
      containers.filter(isMember).map(async ({ Id, Labels }) => {
        const grace = Math.min(Number(Labels?.[LABEL.gracePeriod] ?? 30), maxGraceSeconds);
        try {
          await ignoreGone(engine.request('POST', `/containers/${Id}/stop?t=${grace}`));
        } finally {
          await ignoreGone(engine.request('DELETE', `/containers/${Id}?force=true&v=true`));
        }
      }),
    );
    const sandboxes = containers.filter((container) => !isMember(container));
    results.push(...(await Promise.allSettled([removeContainers(engine, sandboxes)])));
    const failed = results.find((result) => result.status === 'rejected');
    if (failed === undefined) return;
    if (attempt === ATTEMPTS) throw new Error(`not all pods could be stopped: ${String(failed.reason)}`);
  }
}

/** Kills the containers of one node at once, as its power going would; what is left of them stays. */
export async function killContainersOf(engine: Engine, instance: Instance, node: OwnNode): Promise<void> {
  const containers = (await listContainers(engine, instance)).filter(({ Labels = {} }) =>
    isOnNode(Labels, node),
  );
  await Promise.all(
    containers.map(async ({ Id }) => {
      try {
        await engine.request('POST', `/containers/${Id}/kill?signal=SIGKILL`);
      } catch (error) {
        // It does not run (any more), which is what was wanted.
        if (!(error instanceof EngineError) || ![404, 409, 500].includes(error.code)) throw error;
      }
    }),
  );
}

/** Removes the containers of one node. */
export async function removeContainersOf(engine: Engine, instance: Instance, node: OwnNode): Promise<void> {
  const containers = (await listContainers(engine, instance)).filter(({ Labels = {} }) =>
    isOnNode(Labels, node),
  );
  await removeContainers(engine, containers.filter(isMember));
  await removeContainers(
    engine,
    containers.filter((container) => !isMember(container)),
  );
}

/** Kills and removes all containers of an instance at once, without grace. */
export async function removeAllContainers(engine: Engine, instance: Instance, log: Logger): Promise<void> {
  const containers = await listContainers(engine, instance);
  if (containers.length > 0) log.info({ containers: containers.length }, 'removing all pods');
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
