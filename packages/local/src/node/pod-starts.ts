import type { Container } from '@pgherd/kube/objects';
import { formatPause, nextBackOff, remainingPause } from './back-off.ts';
import type { BackOff } from './back-off.ts';
import type { NodeContext } from './context.ts';
import { crashLoopMessage, Images, StartFailure } from './images.ts';
import type { PodEndings } from './pod-endings.ts';
import { graceMsOf } from './pod-state.ts';
import type { PodState } from './pod-state.ts';
import { perform } from './probe-run.ts';
import type { RuntimeContainer } from './runtime.ts';
import { startContainer } from './start-container.ts';
import { lost, oldStatus } from './status.ts';
import type { Waiting } from './status.ts';
import type { MountedVolume } from './volumes/pod-volumes.ts';

/** Longest run of a postStart hook. */
const POST_START_MS = 600_000;
/** Attempts of a container that are kept: the current and the previous one, for its log. */
const KEPT_ATTEMPTS = 2;

/** Starts and restarts containers of one pod, with back-off; remembers what keeps them from starting. */
export class PodStarts {
  readonly #context: NodeContext;
  readonly #state: PodState;
  readonly #endings: PodEndings;
  readonly #wakeAfter: (ms: number) => void;
  readonly #images: Images;
  readonly #backOffs = new Map<string, BackOff>();
  readonly #waiting = new Map<string, Waiting>();

  /** `wakeAfter` asks for another pass over the pod. */
  constructor(context: NodeContext, state: PodState, endings: PodEndings, wakeAfter: (ms: number) => void) {
    this.#context = context;
    this.#state = state;
    this.#endings = endings;
    this.#wakeAfter = wakeAfter;
    this.#images = new Images(context);
  }

  /** Why containers do not run that should. */
  get waiting(): ReadonlyMap<string, Waiting> {
    return this.#waiting;
  }

  /** How the container ended last; from the status where the engine no longer has it. */
  lastExit(name: string): { exitCode: number; finishedAt: number } | undefined {
    const { containers, pod } = this.#state;
    const current = containers.current(name);
    if (current?.startedAt === '') {
      return { exitCode: 128, finishedAt: this.#backOffs.get(name)?.since ?? this.#context.clock.now() };
    }
    if (current !== undefined)
      return { exitCode: current.exitCode, finishedAt: Date.parse(current.finishedAt) };
    const known = oldStatus(pod, name);
    const ended = (known && lost(known))?.terminated ?? known?.lastState?.terminated;
    // After a new sandbox every init container runs again.
    const isInit = (pod.spec?.initContainers ?? []).some((each) => each.name === name);
    if (ended === undefined || isInit) return undefined;
    return { exitCode: ended.exitCode, finishedAt: Date.parse(ended.finishedAt ?? '') || 0 };
  }

  /** Starts the container now, or says why not and when to try again. */
  async start(
    container: Container,
    sandbox: RuntimeContainer,
    volumes: ReadonlyMap<string, MountedVolume>,
  ): Promise<void> {
    const { clock } = this.#context;
    const { pod, containers, podIp } = this.#state;
    const { name } = container;
    const last = this.lastExit(name);
    if (last !== undefined && this.#mustPause(name, last.finishedAt)) return;
    const known = oldStatus(pod, name);
    const next = known?.containerID === undefined ? 0 : known.restartCount + 1;
    const attempt = Math.max(next, (containers.current(name)?.attempt ?? -1) + 1);
    try {
      const input = { pod, container, attempt, sandbox, podIp, volumes };
      const made = await startContainer(this.#context, this.#images, input);
      if (last !== undefined) {
        this.#backOffs.set(name, nextBackOff(this.#backOffs.get(name), clock.now(), last.finishedAt));
      }
      this.#waiting.delete(name);
      await containers.take(made);
      await this.#forgetOld(name);
      if (made.state === 'running') await this.#postStart(container, made);
      else this.#wakeAfter(0);
    } catch (error) {
      if (!(error instanceof StartFailure)) throw error;
      this.#waiting.set(name, { reason: error.reason, message: error.message });
      this.#wakeAfter(error.retryMs);
    }
  }

  #mustPause(name: string, finishedAt: number): boolean {
    const { clock, record, log } = this.#context;
    const { pod } = this.#state;
    const backOff = this.#backOffs.get(name);
    const pause = remainingPause(backOff, clock.now(), finishedAt);
    if (backOff === undefined || pause === 0) return false;
    const { name: podName = '', namespace = '', uid = '' } = pod.metadata;
    if (this.#waiting.get(name)?.reason !== 'CrashLoopBackOff') {
      const text = `Back-off restarting failed container ${name} in pod ${podName}_${namespace}(${uid})`;
      record(pod, 'Warning', 'BackOff', text, name);
    }
    this.#waiting.set(name, {
      reason: 'CrashLoopBackOff',
      message: crashLoopMessage(pod, name, backOff.pauseMs),
    });
    log.debug({ namespace, pod: podName, container: name }, `it is restarted in ${formatPause(pause)}`);
    this.#wakeAfter(pause);
    return true;
  }

  async #forgetOld(name: string): Promise<void> {
    const { containers } = this.#state;
    for (const { id } of (containers.byName.get(name) ?? []).slice(0, -KEPT_ATTEMPTS)) {
      await this.#context.runtime.remove(id);
      containers.forget(id);
    }
  }

  /** Waits for the hook, as Kubernetes does; a container whose hook fails is ended. */
  async #postStart(container: Container, made: RuntimeContainer): Promise<void> {
    const hook = container.lifecycle?.postStart;
    if (hook === undefined) return;
    const { containers, hurry, podIp, pod } = this.#state;
    const { engine, probeAddress: from } = this.#context;
    const target = { engine, container, containerId: made.id, podIp, from };
    const done = perform(hook, target, POST_START_MS);
    const stopped = containers.exited(made.id, POST_START_MS, hurry.signal);
    const outcome = await Promise.race([done, stopped.then(() => undefined)]);
    if (outcome === undefined || outcome.ok) return;
    this.#context.record(pod, 'Warning', 'FailedPostStartHook', 'PostStartHook failed', container.name);
    await this.#endings.end(made, graceMsOf(pod), 'FailedPostStartHook');
  }
}
