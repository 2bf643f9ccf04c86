import { existsSync } from 'node:fs';
import type { Logger } from '@pgherd/kube/objects';
import { EngineError } from './engine.ts';
import type { Engine } from './engine.ts';
import { createEngine } from './http-engine.ts';
import { podmanSocketPath, startPodmanService } from './podman-service.ts';
import type { HostFacts } from './probe-host.ts';

/** What an engine says of itself in `GET /info`. */
interface EngineInfo {
  DefaultRuntime?: string;
  Driver?: string;
  CgroupVersion?: string;
}

/** An engine that answers, and how it was found. */
export interface ConnectedEngine extends Engine {
  readonly socketPath: string;
  /** Which of the two it is; they differ in details. */
  readonly kind: 'podman' | 'docker';
  /** Whether this instance started it (and its containers therefore get this instance's runtime). */
  readonly own: boolean;
  close(): void;
}

/** The machine-wide sockets, in order of preference. */
const SYSTEM_SOCKETS = ['/run/podman/podman.sock', '/var/run/docker.sock'];

/**
 * Connects to a container engine: the one named by DOCKER_HOST; else this instance's own podman service if it
 * already runs; else the machine's podman or Docker if it answers and its runtime works here; else a podman
 * service is started for this instance alone.
 * Throws one sentence that says what to install when none of these is possible.
 */
export async function connectEngine(options: {
  home: string;
  facts: HostFacts;
  log: Logger;
}): Promise<ConnectedEngine> {
  const { home, facts, log } = options;
  const named = process.env.DOCKER_HOST;
  if (named !== undefined && named !== '') {
    if (!named.startsWith('unix://')) {
      throw new Error(`DOCKER_HOST is ${named}: only unix:// sockets of this machine can run its pods`);
    }
    const engine = await tryConnect(named.slice('unix://'.length), false);
    if (engine === undefined)
      throw new Error(`DOCKER_HOST is ${named}, but no container engine answers there`);
    return announce(engine, log);
  }
  const own = await tryConnect(podmanSocketPath(home), true);
  if (own !== undefined) return announce(reviving(own, options), log);
  for (const socket of SYSTEM_SOCKETS) {
    const engine = await tryConnect(socket, false);
    if (engine === undefined) continue;
    const info = await engine.request<EngineInfo>('GET', '/info');
    const runtime = facts.runtimes.find(({ name }) => name === info.DefaultRuntime);
    if (runtime?.works !== false) return announce(engine, log);
    log.info(
      { socket },
      `the engine at ${socket} uses ${runtime.name}, which cannot start containers here: starting our own`,
    );
    engine.close();
  }
  const started = await tryConnect(await startPodmanService(home, facts), true);
  if (started === undefined) throw new Error('podman’s service started, but does not answer');
  return announce(reviving(started, options), log);
}

/** Our own service is started again when it is gone; what failed meanwhile is tried again by whoever asked. */
function reviving(
  engine: ConnectedEngine,
  { home, facts, log }: { home: string; facts: HostFacts; log: Logger },
): ConnectedEngine {
  let starting: Promise<unknown> | undefined;
  const revive = async (): Promise<void> => {
    if (await engine.version().then(isTrue, isFalse)) return;
    log.warn({ socket: engine.socketPath }, 'our podman service does not answer: starting it again');
    await startPodmanService(home, facts);
  };
  const watched = async <T>(call: Promise<T>): Promise<T> => {
    try {
      return await call;
    } catch (error) {
      if (error instanceof EngineError && error.code === 0) {
        starting ??= revive()
          .catch((cause: unknown) => log.error({ err: cause }, 'our podman service could not be started'))
          .finally(() => (starting = undefined));
        await starting;
      }
      throw error;
    }
  };
  return {
    ...engine,
    request: (method, path, body) => watched(engine.request(method, path, body)),
    stream: (method, path, body, signal) => watched(engine.stream(method, path, body, signal)),
    hijack: (method, path, body) => watched(engine.hijack(method, path, body)),
  };
}

const isTrue = (): boolean => true;
const isFalse = (): boolean => false;

async function tryConnect(socketPath: string, own: boolean): Promise<ConnectedEngine | undefined> {
  if (!existsSync(socketPath)) return undefined;
  const engine = createEngine(socketPath);
  try {
    const { engine: kind } = await engine.version();
    return { ...engine, socketPath, kind, own };
  } catch {
    engine.close();
    return undefined;
  }
}

function announce(engine: ConnectedEngine, log: Logger): ConnectedEngine {
  log.info(
    { socket: engine.socketPath },
    `container engine: ${engine.kind}${engine.own ? ' (our own service)' : ''}`,
  );
  return engine;
}
