import { ApiError } from '@pgherd/kube/objects';
import { EngineError } from '../engine/engine.ts';
import type { NodeContext } from './context.ts';
import { attachToContainer } from './attach.ts';
import { execInContainer } from './exec.ts';
import { containerLogs } from './logs.ts';
import type { NodeProxy } from './node-proxy.ts';
import { connectInNetworkOf } from './port-pipe.ts';
import type { PodWorker } from './pod-worker.ts';
import type { RuntimeContainer } from './runtime.ts';

type FindWorker = (namespace: string, pod: string) => PodWorker | undefined;

/** Logs and exec of the pods that run here, with the API server's error messages. */
export function podProxy(context: NodeContext, find: FindWorker): NodeProxy {
  const { engine, clock } = context;

  return {
    async *logs(namespace, pod, options, signal) {
      const worker = require(find, namespace, pod);
      const name = chooseContainer(worker, options.container);
      const { containers } = worker;
      const container = options.previous ? containers.previous(name) : containers.current(name);
      if (container === undefined) {
        throw options.previous
          ? badRequest(`previous terminated container "${name}" in pod "${pod}" not found`)
          : badRequest(
              `container "${name}" in pod "${pod}" is waiting to start: ${waitingReason(worker, name)}`,
            );
      }
      // A container that never started has no log.
      if (container.startedAt === '') return;
      yield* reworded(containerLogs(engine, container, options, clock, signal), signal);
    },

    async exec(namespace, pod, options) {
      const worker = require(find, namespace, pod);
      const container = running(worker, chooseContainer(worker, options.container));
      try {
        return await execInContainer(engine, container.id, options);
      } catch (error) {
        throw unavailable(error);
      }
    },

    async attach(namespace, pod, options) {
      const worker = require(find, namespace, pod);
      const name = chooseContainer(worker, options.container);
      const container = running(worker, name);
      const tty = worker.pod.spec?.containers.find((each) => each.name === name)?.tty ?? false;
      try {
        await attachToContainer(engine, container.id, { ...options, tty });
      } catch (error) {
        if (!options.signal.aborted) throw unavailable(error);
      }
    },

    async connect(namespace, pod, port, signal) {
      const worker = require(find, namespace, pod);
      if (worker.pod.spec?.hostNetwork === true) return connectInNetworkOf(undefined, port, signal);
      const { sandbox } = worker.containers;
      if (sandbox?.state !== 'running') {
        const phase = worker.pod.status?.phase ?? 'Pending';
        throw badRequest(`unable to forward port because pod is not running. Current status=${phase}`);
      }
      return connectInNetworkOf(sandbox.pid, port, signal);
    },
  };
}

function require(find: FindWorker, namespace: string, pod: string): PodWorker {
  const worker = find(namespace, pod);
  if (worker === undefined) {
    throw new ApiError(404, 'NotFound', `pods "${pod}" not found`, { name: pod, kind: 'pods' });
  }
  return worker;
}

/** The named container, or the only one, or the one that the pod's annotation names as its default. */
function chooseContainer(worker: PodWorker, name: string | undefined): string {
  const { spec, metadata } = worker.pod;
  const apps = spec?.containers ?? [];
  const all = [...(spec?.initContainers ?? []), ...apps];
  if (name !== undefined && name !== '') {
    if (all.some((each) => each.name === name)) return name;
    throw badRequest(`container ${name} is not valid for pod ${metadata.name ?? ''}`);
  }
  const preferred = metadata.annotations?.['kubectl.kubernetes.io/default-container'];
  const only = apps.find((each) => each.name === preferred) ?? (all.length === 1 ? apps[0] : undefined);
  if (only !== undefined) return only.name;
  const names = (list: readonly { name: string }[]): string => list.map((each) => each.name).join(' ');
  throw badRequest(
    `a container name must be specified for pod ${metadata.name ?? ''}, choose one of: [${names(apps)}]` +
      (all.length > apps.length
        ? ` or one of the init containers: [${names(spec?.initContainers ?? [])}]`
        : ''),
  );
}

function running(worker: PodWorker, name: string): RuntimeContainer {
  const container = worker.containers.current(name);
  if (container?.state === 'running') return container;
  const { status, metadata } = worker.pod;
  if (status?.phase === 'Succeeded' || status?.phase === 'Failed') {
    throw badRequest(`cannot exec into a container in a completed pod; current phase is ${status.phase}`);
  }
  throw new ApiError(500, 'InternalError', `container not found ("${name}") in pod ${metadata.name ?? ''}`);
}

function waitingReason(worker: PodWorker, name: string): string {
  const { containerStatuses = [], initContainerStatuses = [] } = worker.pod.status ?? {};
  const status = [...containerStatuses, ...initContainerStatuses].find((each) => each.name === name);
  return status?.state?.waiting?.reason ?? 'ContainerCreating';
}

async function* reworded(source: AsyncIterable<Buffer>, signal: AbortSignal): AsyncGenerator<Buffer> {
  try {
    yield* source;
  } catch (error) {
    if (!signal.aborted) throw unavailable(error);
  }
}

function badRequest(message: string): ApiError {
  return new ApiError(400, 'BadRequest', message);
}

function unavailable(error: unknown): unknown {
  if (!(error instanceof EngineError)) return error;
  return new ApiError(503, 'ServiceUnavailable', `container engine: ${error.message}`);
}
