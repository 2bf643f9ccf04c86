import type { Clock, Container, Pod } from '@pgherd/kube/objects';
import { formatPause, nextBackOff, remainingPause } from './back-off.ts';
import type { BackOff } from './back-off.ts';
import type { NodeContext } from './context.ts';

/** A container cannot be started now; its status says why. */
export class StartFailure extends Error {
  readonly reason: string;
  /** When to try again, milliseconds. */
  readonly retryMs: number;

  constructor(reason: string, message: string, retryMs = 10_000) {
    super(message);
    this.reason = reason;
    this.retryMs = retryMs;
  }
}

export interface FoundImage {
  id: string;
  user: string;
}

/** Gets images by their pull policy; one per pod, it remembers failures. */
export class Images {
  readonly #context: Pick<NodeContext, 'runtime' | 'record'> & { clock: Clock };
  readonly #failures = new Map<string, BackOff>();

  constructor(context: Pick<NodeContext, 'runtime' | 'record'> & { clock: Clock }) {
    this.#context = context;
  }

  /** Throws `StartFailure`, after having written the events. */
  async ensure(pod: Pod, container: Container): Promise<FoundImage> {
    const { runtime, record } = this.#context;
    const reference = container.image ?? '';
    const policy = container.imagePullPolicy ?? defaultPolicy(reference);
    const present = await runtime.image(reference);
    if (present !== undefined && (policy !== 'Always' || isLocal(reference))) {
      const message = `Container image "${reference}" already present on machine`;
      record(pod, 'Normal', 'Pulled', message, container.name);
      return present;
    }
    if (policy === 'Never') {
      const message = `Container image "${reference}" is not present with pull policy of Never`;
      record(pod, 'Warning', 'ErrImageNeverPull', message, container.name);
      record(pod, 'Warning', 'Failed', 'Error: ErrImageNeverPull', container.name);
      throw new StartFailure('ErrImageNeverPull', message);
    }
    return this.#pull(pod, container, reference);
  }

  async #pull(pod: Pod, container: Container, reference: string): Promise<FoundImage> {
    const { runtime, record, clock } = this.#context;
    const before = this.#failures.get(reference);
    const pause = remainingPause(before, clock.now(), before?.since ?? 0);
    if (pause > 0) {
      const message = `Back-off pulling image "${reference}"`;
      record(pod, 'Normal', 'BackOff', message, container.name);
      record(pod, 'Warning', 'Failed', 'Error: ImagePullBackOff', container.name);
      throw new StartFailure('ImagePullBackOff', message, pause);
    }
    record(pod, 'Normal', 'Pulling', `Pulling image "${reference}"`, container.name);
    const from = clock.now();
    try {
      await runtime.pull(reference);
      const image = await runtime.image(reference);
      if (image === undefined) throw new Error('the engine does not have it after pulling it');
      this.#failures.delete(reference);
      const took = `${((clock.now() - from) / 1000).toFixed(3)}s`;
      const message = `Successfully pulled image "${reference}" in ${took} (${took} including waiting). Image size: ${image.size} bytes.`;
      record(pod, 'Normal', 'Pulled', message, container.name);
      return image;
    } catch (error) {
      const failure = nextBackOff(before, clock.now(), clock.now());
      this.#failures.set(reference, failure);
      const message = `Failed to pull image "${reference}": ${(error as Error).message}`;
      record(pod, 'Warning', 'Failed', message, container.name);
      record(pod, 'Warning', 'Failed', 'Error: ErrImagePull', container.name);
      // The next look says ImagePullBackOff, as Kubernetes does.
      throw new StartFailure('ErrImagePull', (error as Error).message, Math.min(1000, failure.pauseMs));
    }
  }
}

/** Images under `localhost/` were made on this machine: there is no registry to ask. */
function isLocal(reference: string): boolean {
  return reference.startsWith('localhost/');
}

/** Kubernetes' default, for objects that were written without one. */
function defaultPolicy(reference: string): 'Always' | 'IfNotPresent' {
  if (reference.includes('@')) return 'IfNotPresent';
  const tag = /:([^/:]+)$/.exec(reference)?.[1] ?? 'latest';
  return tag === 'latest' ? 'Always' : 'IfNotPresent';
}

/** `back-off 10s restarting failed container=NAME pod=POD_NAMESPACE(UID)`. */
export function crashLoopMessage(pod: Pod, container: string, pauseMs: number): string {
  const { name = '', namespace = '', uid = '' } = pod.metadata;
  return `back-off ${formatPause(pauseMs)} restarting failed container=${container} pod=${name}_${namespace}(${uid})`;
}
