import type { Container, Pod } from '@pgherd/kube/objects';
import type { NodeContext } from './context.ts';
import type { PodContainers } from './pod-containers.ts';
import { Prober } from './prober.ts';
import type { RuntimeContainer } from './runtime.ts';
import { isSidecar, oldStatus } from './status.ts';

const NAMES = { startup: 'Startup', liveness: 'Liveness', readiness: 'Readiness' } as const;

/** The probes of a pod's running containers, by container id. */
export class PodProbes {
  readonly #context: NodeContext;
  readonly #probers = new Map<string, Prober>();
  readonly #onChange: () => void;
  readonly #onDead: (container: RuntimeContainer, kind: 'startup' | 'liveness') => void;

  constructor(
    context: NodeContext,
    onChange: () => void,
    onDead: (container: RuntimeContainer, kind: 'startup' | 'liveness') => void,
  ) {
    this.#context = context;
    this.#onChange = onChange;
    this.#onDead = onDead;
  }

  get started(): Set<string> {
    return new Set([...this.#probers].filter(([, prober]) => prober.started).map(([id]) => id));
  }

  get ready(): Set<string> {
    return new Set([...this.#probers].filter(([, prober]) => prober.ready).map(([id]) => id));
  }

  /** Starts what is missing, stops what has ended or is being ended. */
  sync(pod: Pod, containers: PodContainers, ending: ReadonlySet<string>, podIp: string): void {
    const wanted = new Set<string>();
    const sidecars = (pod.spec?.initContainers ?? []).filter(isSidecar);
    for (const spec of [...sidecars, ...(pod.spec?.containers ?? [])]) {
      const current = containers.current(spec.name);
      if (current?.state !== 'running' || ending.has(current.id)) continue;
      wanted.add(current.id);
      if (!this.#probers.has(current.id))
        this.#probers.set(current.id, this.#make(pod, spec, current, podIp));
    }
    for (const [id, prober] of this.#probers) {
      if (wanted.has(id)) continue;
      prober.stop();
      this.#probers.delete(id);
    }
  }

  stop(): void {
    for (const prober of this.#probers.values()) prober.stop();
  }

  #make(pod: Pod, spec: Container, current: RuntimeContainer, podIp: string): Prober {
    const { engine, clock, record } = this.#context;
    const old = oldStatus(pod, spec.name);
    const isSame = old?.containerID?.endsWith(`//${current.id}`) === true;
    return new Prober({
      target: { engine, container: spec, containerId: current.id, podIp, from: this.#context.probeAddress },
      clock,
      startedAt: Date.parse(current.startedAt) || clock.now(),
      initially: { started: isSame && old.started === true, ready: isSame && old.ready },
      onChange: this.#onChange,
      onUnhealthy: (kind, message) =>
        record(pod, 'Warning', 'Unhealthy', `${NAMES[kind]} probe failed: ${message}`, spec.name),
      onDead: (kind) => this.#onDead(current, kind),
    });
  }
}
