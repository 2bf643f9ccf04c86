import { isDeepStrictEqual } from 'node:util';
import { ApiError, pods } from '@pgherd/kube/objects';
import type { Container, Pod } from '@pgherd/kube/objects';
import { formatPause, nextBackOff, remainingPause } from './back-off.ts';
import type { BackOff } from './back-off.ts';
import type { NodeContext } from './context.ts';
import { crashLoopMessage, Images, StartFailure } from './images.ts';
import { killContainer } from './kill-container.ts';
import { specHash } from './labels.ts';
import { findObject } from './object-source.ts';
import { PodContainers } from './pod-containers.ts';
import { writePodFiles } from './pod-files.ts';
import { PodProbes } from './pod-probes.ts';
import { removeContainers, startSandbox } from './pod-sandbox.ts';
import { perform } from './probe-run.ts';
import { containersToStart } from './restart-rules.ts';
import type { RuntimeContainer } from './runtime.ts';
import { startContainer } from './start-container.ts';
import { lost, oldStatus, podStatus } from './status.ts';
import type { Waiting } from './status.ts';
import { VolumeError } from './volumes/payload.ts';
import { refreshPayloads, setUpVolumes } from './volumes/pod-volumes.ts';
import type { MountedVolume, VolumeContext } from './volumes/pod-volumes.ts';

/** Pause after a failure that is nobody's fault in the pod, e.g. an engine that does not answer. */
const RETRY_MS = 1000;
/** Longest run of a postStart hook. */
const POST_START_MS = 600_000;
/** Attempts of a container that are kept: the current and the previous one, for its log. */
const KEPT_ATTEMPTS = 2;

/**
 * Keeps one pod as its object says: looks at the difference, takes the steps, writes the status. One pass at a
 * time; whatever happens meanwhile causes another pass.
 */
export class PodWorker {
  readonly #context: NodeContext;
  readonly #containers: PodContainers;
  readonly #probes: PodProbes;
  readonly #images: Images;
  readonly #onFinished: () => void;
  readonly #waiting = new Map<string, Waiting>();
  readonly #backOffs = new Map<string, BackOff>();
  readonly #ending = new Map<string, Promise<void>>();
  /** Fires when nothing is waited for any more. */
  readonly #hurry = new AbortController();
  #pod: Pod;
  #removed = false;
  #stopped = false;
  #busy = false;
  #again = false;
  #terminating = false;
  #volumes: Map<string, MountedVolume> | undefined;
  #failure: { reason: string; message: string } | undefined;
  #timer: { at: number; cancel: () => void } | undefined;

  constructor(context: NodeContext, pod: Pod, onFinished: () => void) {
    this.#context = context;
    this.#pod = pod;
    this.#onFinished = onFinished;
    this.#images = new Images(context);
    this.#containers = new PodContainers(context, pod, () => this.#changed());
    this.#probes = new PodProbes(
      context,
      () => this.#changed(),
      (container, kind) => this.#probeKilled(container, kind),
    );
  }

  get containers(): PodContainers {
    return this.#containers;
  }

  get pod(): Pod {
    return this.#pod;
  }

  /** Takes over containers that ran before this process did. */
  async adopt(found: readonly RuntimeContainer[]): Promise<void> {
    for (const container of found) await this.#containers.take(container);
    // Before the first status is written: what was ready stays ready.
    this.#syncProbes();
  }

  /** The pod's object changed. */
  update(pod: Pod): void {
    const before = this.#pod.metadata.deletionGracePeriodSeconds;
    const grace = pod.metadata.deletionGracePeriodSeconds;
    this.#pod = pod;
    if (this.#terminating && before !== undefined && grace !== undefined && grace < before) {
      this.#context.clock.after(grace * 1000, () => this.#hurry.abort());
    }
    this.wake();
  }

  /** The pod's object is gone: its containers must not outlive it. */
  removed(): void {
    this.#removed = true;
    this.#hurry.abort();
    this.wake();
  }

  /** Stops looking after the pod; its containers go on. */
  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
    this.#probes.stop();
  }

  /** Looks at the pod (again), soon. */
  wake(): void {
    if (this.#stopped) return;
    this.#again = true;
    if (this.#busy) return;
    this.#busy = true;
    setImmediate(() => void this.#passes());
  }

  async #passes(): Promise<void> {
    while (this.#again && !this.#stopped) {
      this.#again = false;
      try {
        await this.#pass();
      } catch (error) {
        this.#report(error);
      }
    }
    this.#busy = false;
  }

  #report(error: unknown): void {
    const { name, namespace } = this.#pod.metadata;
    if (error instanceof VolumeError) {
      this.#context.record(this.#pod, 'Warning', 'FailedMount', error.message);
    } else {
      this.#context.log.warn({ err: error, namespace, pod: name }, 'a step of a pod failed; trying again');
    }
    this.#wakeAfter(RETRY_MS);
    try {
      this.#writeStatus();
    } catch (statusError) {
      this.#context.log.warn(
        { err: statusError, namespace, pod: name },
        'a pod’s status could not be written',
      );
    }
  }

  #wakeAfter(ms: number): void {
    const at = this.#context.clock.now() + ms;
    if (this.#timer !== undefined && this.#timer.at <= at) return;
    this.#timer?.cancel();
    const cancel = this.#context.clock.after(ms, () => {
      this.#timer = undefined;
      this.wake();
    });
    this.#timer = { at, cancel };
  }

  /** Something happened to a container: say so at once, then act. */
  #changed(): void {
    if (this.#stopped) return;
    this.#syncProbes();
    this.#writeStatus();
    this.wake();
  }

  async #pass(): Promise<void> {
    const pod = this.#pod;
    if (this.#removed || pod.metadata.deletionTimestamp !== undefined) return this.#terminate();
    this.#checkDeadline();
    if (this.#failure !== undefined || this.#writeStatus() === 'ended') return this.#settle();
    await this.#ensureSandbox();
    this.#volumes ??= await setUpVolumes(this.#volumeContext, this.#containers.all().length === 0);
    refreshPayloads(this.#volumeContext);
    this.#endChanged();
    for (const container of containersToStart(pod, (name) => this.#view(name))) {
      if (this.#hurry.signal.aborted || this.#pod.metadata.deletionTimestamp !== undefined) break;
      await this.#start(container);
    }
    this.#syncProbes();
    if (this.#writeStatus() === 'ended') await this.#settle();
  }

  get #podIp(): string {
    if (this.#pod.spec?.hostNetwork === true) return this.#context.node.hostIp;
    return this.#containers.sandbox?.ip ?? '';
  }

  get #volumeContext(): VolumeContext {
    const podIps = this.#podIp === '' ? [] : [this.#podIp];
    return { ...this.#context, pod: this.#pod, podIps };
  }

  #syncProbes(): void {
    const ending = new Set(this.#ending.keys());
    if (this.#terminating) for (const { id } of this.#containers.all()) ending.add(id);
    this.#probes.sync(this.#pod, this.#containers, ending, this.#podIp);
  }

  #view(name: string): { running: boolean; started: boolean; exitCode: number } | undefined {
    const current = this.#containers.current(name);
    if (current?.state === 'running') {
      return { running: true, started: this.#probes.started.has(current.id), exitCode: 0 };
    }
    const last = this.#lastExit(name);
    return last === undefined ? undefined : { running: false, started: false, exitCode: last.exitCode };
  }

  /** How the container ended last; from the status where the engine no longer has it. */
  #lastExit(name: string): { exitCode: number; finishedAt: number } | undefined {
    const current = this.#containers.current(name);
    if (current !== undefined) {
      const never = current.startedAt === '';
      const ended = never ? this.#context.clock.now() : Date.parse(current.finishedAt);
      const since = this.#backOffs.get(name)?.since;
      return { exitCode: never ? 128 : current.exitCode, finishedAt: never ? (since ?? ended) : ended };
    }
    const known = oldStatus(this.#pod, name);
    const ended = (known && lost(known))?.terminated ?? known?.lastState?.terminated;
    // After a new sandbox every init container runs again.
    const isInit = (this.#pod.spec?.initContainers ?? []).some((each) => each.name === name);
    if (ended === undefined || isInit) return undefined;
    return { exitCode: ended.exitCode, finishedAt: Date.parse(ended.finishedAt ?? '') || 0 };
  }

  async #ensureSandbox(): Promise<void> {
    const { sandbox } = this.#containers;
    if (sandbox?.state !== 'running') {
      if (sandbox !== undefined) await this.#discardSandbox();
      this.#containers.sandbox = await startSandbox(this.#context, this.#pod, (sandbox?.attempt ?? -1) + 1);
      await this.#containers.take(this.#containers.sandbox);
    }
    writePodFiles(
      this.#context.directories.disk(this.#pod.metadata.uid ?? ''),
      this.#pod,
      this.#podIp,
      this.#context.dns,
    );
  }

  /** The sandbox died: what was in its network has no address any more. */
  async #discardSandbox(): Promise<void> {
    const message = 'Pod sandbox changed, it will be killed and re-created.';
    this.#context.record(this.#pod, 'Normal', 'SandboxChanged', message);
    await this.#endAll(this.#graceMs);
    this.#writeStatus();
    await removeContainers(this.#context, this.#containers);
  }

  get #graceMs(): number {
    return (this.#pod.spec?.terminationGracePeriodSeconds ?? 30) * 1000;
  }

  /** Ends containers whose image was changed; they are started again like any that ended. */
  #endChanged(): void {
    for (const spec of this.#pod.spec?.containers ?? []) {
      const current = this.#containers.current(spec.name);
      if (current?.state !== 'running' || current.specHash === specHash(spec)) continue;
      void this.#end(current, this.#graceMs, `Container ${spec.name} definition changed, will be restarted`);
    }
  }

  async #start(container: Container): Promise<void> {
    const { clock, record } = this.#context;
    const { name } = container;
    const current = this.#containers.current(name);
    const last = this.#lastExit(name);
    if (last !== undefined) {
      const pause = remainingPause(this.#backOffs.get(name), clock.now(), last.finishedAt);
      if (pause > 0) {
        const { pauseMs } = this.#backOffs.get(name) ?? { pauseMs: 0 };
        const { name: podName = '', namespace = '', uid = '' } = this.#pod.metadata;
        const text = `Back-off restarting failed container ${name} in pod ${podName}_${namespace}(${uid})`;
        if (this.#waiting.get(name)?.reason !== 'CrashLoopBackOff')
          record(this.#pod, 'Warning', 'BackOff', text, name);
        this.#waiting.set(name, {
          reason: 'CrashLoopBackOff',
          message: crashLoopMessage(this.#pod, name, pauseMs),
        });
        this.#context.log.debug(
          { pod: podName, namespace, container: name },
          `restart in ${formatPause(pause)}`,
        );
        return this.#wakeAfter(pause);
      }
    }
    const known = oldStatus(this.#pod, name);
    const next = known?.containerID === undefined ? 0 : (known.restartCount ?? 0) + 1;
    const attempt = current === undefined ? next : current.attempt + 1;
    const { sandbox } = this.#containers;
    if (sandbox === undefined || this.#volumes === undefined) return;
    try {
      const made = await startContainer(this.#context, this.#images, {
        pod: this.#pod,
        container,
        attempt,
        sandbox,
        podIp: this.#podIp,
        volumes: this.#volumes,
      });
      if (last !== undefined)
        this.#backOffs.set(name, nextBackOff(this.#backOffs.get(name), clock.now(), last.finishedAt));
      this.#waiting.delete(name);
      await this.#containers.take(made);
      await this.#forgetOld(name);
      if (made.state === 'running') await this.#postStart(container, made);
      else this.wake();
    } catch (error) {
      if (!(error instanceof StartFailure)) throw error;
      this.#waiting.set(name, { reason: error.reason, message: error.message });
      this.#wakeAfter(error.retryMs);
    }
    this.#syncProbes();
    this.#writeStatus();
  }

  async #forgetOld(name: string): Promise<void> {
    const attempts = this.#containers.byName.get(name) ?? [];
    for (const { id } of attempts.slice(0, -KEPT_ATTEMPTS)) {
      await this.#context.runtime.remove(id);
      this.#containers.forget(id);
    }
  }

  async #postStart(container: Container, made: RuntimeContainer): Promise<void> {
    const hook = container.lifecycle?.postStart;
    if (hook === undefined) return;
    const target = { engine: this.#context.engine, container, containerId: made.id, podIp: this.#podIp };
    const done = perform(hook, target, POST_START_MS);
    const stopped = this.#containers.exited(made.id, POST_START_MS, this.#hurry.signal);
    const outcome = await Promise.race([done, stopped.then(() => undefined)]);
    if (outcome === undefined || outcome.ok) return;
    this.#context.record(this.#pod, 'Warning', 'FailedPostStartHook', 'PostStartHook failed', container.name);
    await this.#end(made, this.#graceMs, 'FailedPostStartHook');
  }

  #probeKilled(container: RuntimeContainer, kind: 'startup' | 'liveness'): void {
    const specs = [...(this.#pod.spec?.initContainers ?? []), ...(this.#pod.spec?.containers ?? [])];
    const spec = specs.find((each) => each.name === container.container);
    const probe = kind === 'startup' ? spec?.startupProbe : spec?.livenessProbe;
    const seconds = probe?.terminationGracePeriodSeconds;
    const graceMs = seconds === undefined ? this.#graceMs : seconds * 1000;
    void this.#end(
      container,
      graceMs,
      `Container ${container.container ?? ''} failed ${kind} probe, will be restarted`,
    );
  }

  /** Ends one container, once, in the background of passes. */
  #end(container: RuntimeContainer, graceMs: number, message: string): Promise<void> {
    const known = this.#ending.get(container.id);
    if (known !== undefined) return known;
    const { record, log } = this.#context;
    record(this.#pod, 'Normal', 'Killing', message, container.container);
    const specs = [...(this.#pod.spec?.initContainers ?? []), ...(this.#pod.spec?.containers ?? [])];
    const spec = specs.find((each) => each.name === container.container);
    const target = { pod: this.#pod, spec, container, podIp: this.#podIp };
    const end = killContainer(this.#context, this.#containers, target, graceMs, this.#hurry.signal)
      .catch((error: unknown) =>
        log.warn({ err: error, container: container.id }, 'a container could not be ended'),
      )
      .finally(() => {
        this.#ending.delete(container.id);
        this.wake();
      });
    this.#ending.set(container.id, end);
    this.#syncProbes();
    return end;
  }

  /** The pod's own containers first, then its sidecars, which may serve them until the end. */
  async #endAll(graceMs: number): Promise<void> {
    const from = this.#context.clock.now();
    const isInit = (each: RuntimeContainer): boolean =>
      (this.#pod.spec?.initContainers ?? []).some((spec) => spec.name === each.container);
    for (const init of [false, true]) {
      const left = Math.max(0, graceMs - (this.#context.clock.now() - from));
      const group = this.#containers.running().filter((each) => isInit(each) === init);
      await Promise.all(
        group.map((each) => this.#end(each, left, `Stopping container ${each.container ?? ''}`)),
      );
    }
  }

  #checkDeadline(): void {
    const { activeDeadlineSeconds } = this.#pod.spec ?? {};
    const started = this.#pod.status?.startTime;
    if (activeDeadlineSeconds === undefined || started === undefined) return;
    const left = Date.parse(started) + activeDeadlineSeconds * 1000 - this.#context.clock.now();
    if (left > 0) return this.#wakeAfter(left);
    if (this.#pod.status?.phase === 'Succeeded' || this.#pod.status?.phase === 'Failed') return;
    const message = 'Pod was active on the node longer than the specified deadline';
    this.#context.record(this.#pod, 'Normal', 'DeadlineExceeded', message);
    this.#failure = { reason: 'DeadlineExceeded', message };
  }

  /** The pod has come to its end: nothing runs any more, but logs stay until it is deleted. */
  async #settle(): Promise<void> {
    await this.#endAll(this.#graceMs);
    const { sandbox } = this.#containers;
    if (sandbox?.state === 'running') {
      await this.#context.runtime.signal(sandbox.id, 'SIGKILL');
      await this.#containers.look(sandbox.id, sandbox.pid);
    }
    this.#writeStatus();
  }

  async #terminate(): Promise<void> {
    this.#terminating = true;
    const { registry, directories } = this.#context;
    const { name = '', namespace, uid = '' } = this.#pod.metadata;
    this.#syncProbes();
    await this.#endAll(this.#removed ? 0 : this.#deletionGraceMs());
    this.#writeStatus();
    await removeContainers(this.#context, this.#containers);
    await directories.remove(uid);
    if (!this.#removed) {
      try {
        registry.delete(pods, namespace, name, { gracePeriodSeconds: 0, preconditions: { uid } });
      } catch (error) {
        if (!(error instanceof ApiError) || (error.code !== 404 && error.code !== 409)) throw error;
      }
    }
    this.stop();
    this.#onFinished();
  }

  /** Times in objects are whole seconds, cut off: the second that was lost is given back. */
  #deletionGraceMs(): number {
    const { deletionTimestamp = '', deletionGracePeriodSeconds = 0 } = this.#pod.metadata;
    const left = Date.parse(deletionTimestamp) + 1000 - this.#context.clock.now();
    return Math.max(0, Math.min(deletionGracePeriodSeconds * 1000, left));
  }

  /** Writes the status if it differs. Answers `ended` when the pod has come to its end. */
  #writeStatus(): 'ended' | 'alive' {
    const { registry, settings, node, clock } = this.#context;
    const { name = '', namespace, uid } = this.#pod.metadata;
    const current = findObject(registry, pods, namespace, name);
    if (current === undefined || current.metadata.uid !== uid) return 'alive';
    const sandboxReady = this.#containers.sandbox?.state === 'running';
    const status = podStatus(current, {
      engine: settings.engine,
      containers: this.#containers.byName,
      waiting: this.#waiting,
      started: this.#probes.started,
      ready: this.#probes.ready,
      messages: this.#containers.messages,
      sandboxReady,
      podIp: this.#podIp,
      hostIp: node.hostIp,
      now: clock.now(),
      ...(this.#failure === undefined ? {} : { failure: this.#failure }),
    });
    if (!isDeepStrictEqual(status, current.status)) {
      const next = { ...structuredClone(current), status };
      this.#pod = registry.update(pods, namespace, name, next, { subresource: 'status' }) as unknown as Pod;
    }
    return status.phase === 'Succeeded' || status.phase === 'Failed' ? 'ended' : 'alive';
  }
}
