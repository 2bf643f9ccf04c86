import type { Duplex } from 'node:stream';
import { ApiError } from '@pgherd/kube/objects';
import type { AttachOptions, ExecOptions, LogOptions, NodeProxy } from './node-proxy.ts';

/** How long a request waits for the agent, milliseconds: it starts within seconds or not at all. */
const WAIT_MS = 15_000;

/**
 * Stands in for the node agent until it has started. Logs and exec wait for it; they answer 503 with the reason
 * when it could not be started, or does not start in time.
 */
export class LateNodeProxy implements NodeProxy {
  readonly #waitMs: number;
  #settled = Promise.withResolvers<void>();
  #agent: NodeProxy | undefined;
  #failure = '';

  constructor(waitMs = WAIT_MS) {
    this.#waitMs = waitMs;
  }

  /** From now on requests go to the agent. */
  set(agent: NodeProxy): void {
    this.#agent = agent;
    this.#settled.resolve();
  }

  /** It cannot be started now; requests are told why. A later `set` is still welcome. */
  fail(reason: string): void {
    this.#failure = reason;
    this.#settled.resolve();
  }

  async *logs(
    namespace: string,
    pod: string,
    options: LogOptions,
    signal: AbortSignal,
  ): AsyncIterable<Buffer> {
    const agent = await this.#ready();
    yield* agent.logs(namespace, pod, options, signal);
  }

  async exec(namespace: string, pod: string, options: ExecOptions): Promise<number> {
    const agent = await this.#ready();
    return agent.exec(namespace, pod, options);
  }

  async attach(namespace: string, pod: string, options: AttachOptions): Promise<void> {
    const agent = await this.#ready();
    return agent.attach(namespace, pod, options);
  }

  async connect(namespace: string, pod: string, port: number, signal: AbortSignal): Promise<Duplex> {
    const agent = await this.#ready();
    return agent.connect(namespace, pod, port, signal);
  }

  async #ready(): Promise<NodeProxy> {
    if (this.#agent !== undefined) return this.#agent;
    let timer: NodeJS.Timeout | undefined;
    const tooLong = new Promise<void>((resolve) => (timer = setTimeout(resolve, this.#waitMs)));
    await Promise.race([this.#settled.promise, tooLong]);
    clearTimeout(timer);
    if (this.#agent !== undefined) return this.#agent;
    const message =
      this.#failure === ''
        ? 'the node agent is starting; try again'
        : `pods cannot run on this machine: ${this.#failure}`;
    throw new ApiError(503, 'ServiceUnavailable', message, { retryAfterSeconds: 1 });
  }
}
