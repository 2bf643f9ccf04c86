import type { Clock, Container, Probe } from '@pgherd/kube/objects';
import { perform } from './probe-run.ts';
import type { ActionTarget } from './probe-run.ts';

export type ProbeKind = 'startup' | 'liveness' | 'readiness';

export interface ProberOptions {
  target: ActionTarget;
  clock: Clock;
  /** When the container started, milliseconds since 1970. */
  startedAt: number;
  /** What was known of it before this process: it stays until a probe says otherwise. */
  initially: { started: boolean; ready: boolean };
  /** `started` or `ready` changed. */
  onChange: () => void;
  /** A probe failed for once (`Unhealthy`). */
  onUnhealthy: (kind: ProbeKind, message: string) => void;
  /** The container must be killed. */
  onDead: (kind: 'startup' | 'liveness') => void;
}

/** Runs the probes of one running container, with Kubernetes' rules of thresholds and of the startup probe. */
export class Prober {
  readonly #options: ProberOptions;
  readonly #cancels = new Set<() => void>();
  #stopped = false;
  #started: boolean;
  #ready: boolean;

  constructor(options: ProberOptions) {
    this.#options = options;
    const { startupProbe, readinessProbe } = options.target.container;
    this.#started = startupProbe === undefined || options.initially.started;
    this.#ready = this.#started && (readinessProbe === undefined || options.initially.ready);
    if (this.#started) this.#afterStartup();
    else if (startupProbe) this.#loop('startup', startupProbe);
  }

  get started(): boolean {
    return this.#started;
  }

  get ready(): boolean {
    return this.#ready && !this.#stopped;
  }

  stop(): void {
    this.#stopped = true;
    for (const cancel of this.#cancels) cancel();
    this.#cancels.clear();
  }

  #afterStartup(): void {
    const { livenessProbe, readinessProbe } = this.#container;
    if (livenessProbe) this.#loop('liveness', livenessProbe);
    if (readinessProbe) this.#loop('readiness', readinessProbe);
  }

  get #container(): Container {
    return this.#options.target.container;
  }

  #loop(kind: ProbeKind, probe: Probe): void {
    const { clock, target, startedAt } = this.#options;
    const periodMs = (probe.periodSeconds ?? 10) * 1000;
    const timeoutMs = (probe.timeoutSeconds ?? 1) * 1000;
    let successes = 0;
    let failures = 0;
    const once = async (): Promise<void> => {
      const { ok, message } = await perform(probe, target, timeoutMs);
      if (this.#stopped) return;
      if (ok) {
        failures = 0;
        if (++successes >= (probe.successThreshold ?? 1) && this.#succeeded(kind)) return;
      } else {
        successes = 0;
        this.#options.onUnhealthy(kind, message);
        if (++failures >= (probe.failureThreshold ?? 3)) this.#failed(kind);
      }
      later(periodMs);
    };
    const later = (ms: number): void => {
      if (this.#stopped) return;
      const cancel = clock.after(ms, () => {
        this.#cancels.delete(cancel);
        void once();
      });
      this.#cancels.add(cancel);
    };
    later(Math.max(0, startedAt + (probe.initialDelaySeconds ?? 0) * 1000 - clock.now()));
  }

  /** Answers whether the probe has done its work. */
  #succeeded(kind: ProbeKind): boolean {
    if (kind === 'startup') {
      this.#started = true;
      this.#ready = this.#container.readinessProbe === undefined;
      this.#afterStartup();
      this.#options.onChange();
      return true;
    }
    if (kind === 'readiness' && !this.#ready) {
      this.#ready = true;
      this.#options.onChange();
    }
    return false;
  }

  #failed(kind: ProbeKind): void {
    if (kind !== 'readiness') {
      this.stop();
      this.#options.onDead(kind);
      return;
    }
    if (!this.#ready) return;
    this.#ready = false;
    this.#options.onChange();
  }
}
