import type { NodeContext } from './context.ts';
import { killContainer } from './kill-container.ts';
import type { PodState } from './pod-state.ts';
import type { RuntimeContainer } from './runtime.ts';

/** Ends containers of one pod, each once, in the background of what else happens to the pod. */
export class PodEndings {
  readonly #context: NodeContext;
  readonly #state: PodState;
  readonly #onChange: () => void;
  readonly #running = new Map<string, Promise<void>>();

  /** `onChange`: an ending has begun or is over. */
  constructor(context: NodeContext, state: PodState, onChange: () => void) {
    this.#context = context;
    this.#state = state;
    this.#onChange = onChange;
  }

  /** Ids of the containers that are being ended. */
  get ids(): ReadonlySet<string> {
    return new Set(this.#running.keys());
  }

  /** Resolves when the container has ended; `message` is the text of its `Killing` event. */
  end(container: RuntimeContainer, graceMs: number, message: string): Promise<void> {
    const known = this.#running.get(container.id);
    if (known !== undefined) return known;
    const { record, log } = this.#context;
    const { pod, containers, hurry, podIp } = this.#state;
    record(pod, 'Normal', 'Killing', message, container.container);
    const spec = containers.specs.get(container.container ?? '');
    const end = killContainer(
      this.#context,
      containers,
      { pod, spec, container, podIp },
      graceMs,
      hurry.signal,
    )
      .catch((error: unknown) =>
        log.warn({ err: error, container: container.id }, 'a container could not be ended'),
      )
      .finally(() => {
        this.#running.delete(container.id);
        this.#onChange();
      });
    this.#running.set(container.id, end);
    this.#onChange();
    return end;
  }

  /** All that run: the pod's own containers first, then its sidecars, which may serve them until the end. */
  async endAll(graceMs: number): Promise<void> {
    const { clock } = this.#context;
    const { pod, containers } = this.#state;
    const from = clock.now();
    const inits = new Set((pod.spec?.initContainers ?? []).map((each) => each.name));
    for (const init of [false, true]) {
      const left = Math.max(0, graceMs - (clock.now() - from));
      const group = containers.running().filter((each) => inits.has(each.container ?? '') === init);
      await Promise.all(
        group.map((each) => this.end(each, left, `Stopping container ${each.container ?? ''}`)),
      );
    }
  }
}
