import { ApiError } from '@pgherd/kube/objects';
import type { ExecOptions, LogOptions, NodeProxy } from './node-proxy.ts';

/** Stands in for the node agent until it has started; until then logs and exec answer 503. */
export class LateNodeProxy implements NodeProxy {
  #agent: NodeProxy | undefined;

  /** From now on requests go to the agent. */
  set(agent: NodeProxy): void {
    this.#agent = agent;
  }

  logs(namespace: string, pod: string, options: LogOptions, signal: AbortSignal): AsyncIterable<Buffer> {
    return this.#ready().logs(namespace, pod, options, signal);
  }

  exec(namespace: string, pod: string, options: ExecOptions): Promise<number> {
    return this.#ready().exec(namespace, pod, options);
  }

  #ready(): NodeProxy {
    if (this.#agent !== undefined) return this.#agent;
    throw new ApiError(503, 'ServiceUnavailable', 'the node agent is starting; try again', {
      retryAfterSeconds: 1,
    });
  }
}
