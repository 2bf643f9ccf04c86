import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { connectEngine, probeHost, stopPodmanService } from './engine/index.ts';
import { loadOrCreateInstance } from './instance/load.ts';
import { lockHomeWhenStopped } from './instance/lock.ts';
import { resetNetwork } from './network/index.ts';
import { unmountAll, unmountVolumes } from './node/index.ts';
import { removeAllContainers, stopAllContainers } from './node/stop-containers.ts';
import { instanceExists } from './serve.ts';

/** How long another `down` or `reset` of the same home may take. */
const LOCK_MS = 90_000;

/** Stops the containers of an instance whose server does not run, e.g. because it was killed. Nothing is lost. */
export async function stopLocalPods(home: string, log: Logger): Promise<void> {
  if (!instanceExists(home)) return;
  const instance = await loadOrCreateInstance(home);
  const lock = await lockHomeWhenStopped(home, { timeoutMs: LOCK_MS, stopping: true });
  try {
    const { facts } = await probeHost();
    const engine = await connectEngine({ home: instance.home, facts, log });
    await stopAllContainers(engine, instance, log);
    await unmountVolumes(instance.home);
    engine.close();
    if (engine.own) stopPodmanService(instance.home);
  } finally {
    lock.release();
  }
}

/** Removes everything of an instance whose server does not run: containers, network, volumes, its directory. */
export async function resetLocal(home: string, log: Logger): Promise<void> {
  if (instanceExists(home)) {
    const instance = await loadOrCreateInstance(home);
    const lock = await lockHomeWhenStopped(home, { timeoutMs: LOCK_MS, stopping: true });
    try {
      // On a full disk this makes the room that is needed to reach the engine.
      for (const name of ['state.db', 'state.db-wal', 'state.db-shm', 'log']) {
        rmSync(join(instance.home, name), { recursive: true, force: true });
      }
      const { facts } = await probeHost();
      const engine = await connectEngine({ home: instance.home, facts, log });
      await removeAllContainers(engine, instance, log);
      await unmountAll(instance.home);
      await resetNetwork(instance, engine);
      engine.close();
      if (engine.own) stopPodmanService(instance.home);
    } finally {
      lock.release();
    }
  }
  rmSync(home, { recursive: true, force: true });
}
