import { isDeepStrictEqual } from 'node:util';
import { ApiError, pods } from '@pgherd/kube/objects';
import type { Pod } from '@pgherd/kube/objects';
import { LinkDownError } from './api-link.ts';
import type { NodeContext } from './context.ts';
import { specHash } from './labels.ts';
import { LateStatus } from './late-status.ts';
import { findObject } from './object-source.ts';
import { PodContainers } from './pod-containers.ts';
import { PodEndings } from './pod-endings.ts';
import { writePodFiles } from './pod-files.ts';
import { PodProbes } from './pod-probes.ts';
import { removeContainers, startSandbox } from './pod-sandbox.ts';
import { PodStarts } from './pod-starts.ts';
import { graceMsOf } from './pod-state.ts';
import type { PodState } from './pod-state.ts';
import { containersToStart } from './restart-rules.ts';
import type { ContainerView } from './restart-rules.ts';
import type { RuntimeContainer } from './runtime.ts';
import { podStatus } from './status.ts';
import { VolumeError } from './volumes/payload.ts';
import { growSizedVolumes } from './volumes/sized-volumes.ts';
import { refreshPayloads, setUpVolumes } from './volumes/pod-volumes.ts';
import type { MountedVolume, VolumeContext } from './volumes/pod-volumes.ts';

/** Pause after a failure that may pass, e.g. an engine that does not answer. */
const RETRY_MS = 1000;

/**
 * Keeps one pod as its object says: looks at the difference, takes the steps, writes the status. One pass at a
 * time; whatever happens meanwhile causes another pass.
 */
export class PodWorker implements PodState {
  readonly containers: PodContainers;
  readonly hurry = new AbortController();
  readonly #context: NodeContext;
  readonly #probes: PodProbes;
  readonly #endings: PodEndings;
  readonly #starts: PodStarts;
  readonly #onFinished: () => void;
  #pod: Pod;
  #removed = false;
  #stopped = false;
  #busy = false;
  #passing: Promise<void> = Promise.resolve();
  #again = false;
  #terminating = false;
  /** All pods are being stopped: the status still says what happens, nothing is started. */
  #ending = false;
  #volumes: Map<string, MountedVolume> | undefined;
  #failure: { reason: string; message: string } | undefined;
  #timer: { at: number; cancel: () => void } | undefined;
  readonly #lateStatus: LateStatus;

  /** `onFinished`: nothing is left of the pod on this node. */
  constructor(context: NodeContext, pod: Pod, onFinished: () => void) {
    this.#context = context;
    this.#pod = pod;
    this.#onFinished = onFinished;
    this.#lateStatus = new LateStatus(context, () => this.#changed());
    const changed = (): void => this.#changed();
    this.containers = new PodContainers(context, pod, changed);
    this.#endings = new PodEndings(context, this, () => {
      this.#syncProbes();
      this.wake();
    });
    this.#starts = new PodStarts(context, this, this.#endings, (ms) => this.#wakeAfter(ms));
    this.#probes = new PodProbes(context, changed, (container, kind) => this.#probeKilled(container, kind));
  }

  get pod(): Pod {
    return this.#pod;
  }

  get podIp(): string {
    if (this.#pod.spec?.hostNetwork === true) return this.#context.node.hostIp;
    return this.containers.sandbox?.ip ?? '';
  }

  /** Takes over containers that ran before this process did. */
  async adopt(found: readonly RuntimeContainer[]): Promise<void> {
    for (const container of found) {
      // Made, but not started when that process was killed: no attempt was made with it.
      if (container.state === 'created') await this.#context.runtime.remove(container.id);
      else await this.containers.take(container);
    }
    // Before the first status is written: what was ready stays ready.
    this.#syncProbes();
  }

  /** The pod's object changed. */
  update(pod: Pod): void {
    const before = this.#pod.metadata.deletionGracePeriodSeconds;
    const grace = pod.metadata.deletionGracePeriodSeconds;
    this.#pod = pod;
    if (this.#terminating && before !== undefined && grace !== undefined && grace < before) {
      this.#context.clock.after(grace * 1000, () => this.hurry.abort());
    }
    this.wake();
  }

  /** The pod's object is gone: its containers must not outlive it. */
  removed(): void {
    this.#removed = true;
    this.hurry.abort();
    this.wake();
  }

  /** Stops looking after the pod; its containers go on. */
  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
    this.#lateStatus.forget();
    this.#probes.stop();
  }

  /** After `stop`: the step that was under way has come to its end. */
  idle(): Promise<void> {
    return this.#passing;
  }

  /** Ends the pod's containers as a deletion would, hooks included; its object stays. Only after `stop`. */
  endAll(longestGraceMs: number): Promise<void> {
    this.#ending = true;
    return this.#endings.endAll(Math.min(graceMsOf(this.#pod), longestGraceMs));
  }

  /** Looks at the pod (again), soon. */
  wake(): void {
    if (this.#stopped) return;
    this.#again = true;
    if (this.#busy) return;
    this.#busy = true;
    this.#passing = new Promise((resolve) => setImmediate(() => void this.#passes().finally(resolve)));
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

  async #pass(): Promise<void> {
    if (this.#removed || this.#pod.metadata.deletionTimestamp !== undefined) return this.#terminate();
    this.#checkDeadline();
    if (this.#failure !== undefined || this.#writeStatus() === 'ended') return this.#settle();
    const sandbox = await this.#ensureSandbox();
    this.#volumes ??= await setUpVolumes(this.#volumeContext, this.containers.all().length === 0);
    refreshPayloads(this.#volumeContext);
    if (!(await growSizedVolumes(this.#context, this.#pod))) this.#wakeAfter(RETRY_MS);
    this.#endChanged();
    for (const container of containersToStart(this.#pod, (name) => this.#view(name))) {
      if (this.#stopped || this.hurry.signal.aborted || this.#pod.metadata.deletionTimestamp !== undefined)
        break;
      await this.#starts.start(container, sandbox, this.#volumes);
      this.#syncProbes();
      this.#writeStatus();
    }
    this.#syncProbes();
    if (this.#writeStatus() === 'ended') await this.#settle();
  }

  #report(error: unknown): void {
    const { record, log } = this.#context;
    const { name, namespace } = this.#pod.metadata;
    if (error instanceof VolumeError) record(this.#pod, 'Warning', 'FailedMount', error.message);
    else {
      const level = error instanceof LinkDownError ? 'debug' : 'warn';
      log[level]({ err: error, namespace, pod: name }, 'a step of a pod failed; trying again');
    }
    this.#wakeAfter(RETRY_MS);
    try {
      this.#writeStatus();
    } catch (statusError) {
      log.warn({ err: statusError, namespace, pod: name }, 'a pod’s status could not be written');
    }
  }

  #wakeAfter(ms: number): void {
    if (this.#stopped) return;
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
    if (this.#stopped && !this.#ending) return;
    try {
      this.#syncProbes();
      this.#writeStatus();
      this.wake();
    } catch (error) {
      this.#report(error);
    }
  }

  get #volumeContext(): VolumeContext {
    return { ...this.#context, pod: this.#pod, podIps: this.podIp === '' ? [] : [this.podIp] };
  }

  #syncProbes(): void {
    if (this.#stopped) return;
    const ending = new Set(this.#endings.ids);
    if (this.#terminating) for (const { id } of this.containers.all()) ending.add(id);
    this.#probes.sync(this.#pod, this.containers, ending, this.podIp);
  }

  #view(name: string): ContainerView | undefined {
    const current = this.containers.current(name);
    if (current?.state === 'running') {
      return { running: true, started: this.#probes.started.has(current.id), exitCode: 0 };
    }
    const last = this.#starts.lastExit(name);
    return last && { running: false, started: false, exitCode: last.exitCode };
  }

  async #ensureSandbox(): Promise<RuntimeContainer> {
    const { directories, dns } = this.#context;
    let { sandbox } = this.containers;
    if (sandbox?.state !== 'running') {
      if (sandbox !== undefined) await this.#discardSandbox();
      sandbox = await startSandbox(this.#context, this.#pod, (sandbox?.attempt ?? -1) + 1);
      await this.containers.take(sandbox);
    }
    writePodFiles(directories.disk(this.#pod.metadata.uid ?? ''), this.#pod, this.podIp, dns);
    return sandbox;
  }

  /** The sandbox died: what was in its network has no address any more. */
  async #discardSandbox(): Promise<void> {
    const message = 'Pod sandbox changed, it will be killed and re-created.';
    this.#context.record(this.#pod, 'Normal', 'SandboxChanged', message);
    await this.#endings.endAll(graceMsOf(this.#pod));
    this.#writeStatus();
    await removeContainers(this.#context, this.containers);
  }

  /** Ends containers whose image was changed; they are started again like any that ended. */
  #endChanged(): void {
    for (const spec of this.#pod.spec?.containers ?? []) {
      const current = this.containers.current(spec.name);
      if (current?.state !== 'running' || current.specHash === specHash(spec)) continue;
      const message = `Container ${spec.name} definition changed, will be restarted`;
      void this.#endings.end(current, graceMsOf(this.#pod), message);
    }
  }

  #probeKilled(container: RuntimeContainer, kind: 'startup' | 'liveness'): void {
    const spec = this.containers.specs.get(container.container ?? '');
    const probe = kind === 'startup' ? spec?.startupProbe : spec?.livenessProbe;
    const seconds = probe?.terminationGracePeriodSeconds;
    const graceMs = seconds === undefined ? graceMsOf(this.#pod) : seconds * 1000;
    const message = `Container ${container.container ?? ''} failed ${kind} probe, will be restarted`;
    void this.#endings.end(container, graceMs, message);
  }

  #checkDeadline(): void {
    const { activeDeadlineSeconds } = this.#pod.spec ?? {};
    const { startTime, phase } = this.#pod.status ?? {};
    if (activeDeadlineSeconds === undefined || startTime === undefined) return;
    if (phase === 'Succeeded' || phase === 'Failed') return;
    const left = Date.parse(startTime) + activeDeadlineSeconds * 1000 - this.#context.clock.now();
    if (left > 0) return this.#wakeAfter(left);
    const message = 'Pod was active on the node longer than the specified deadline';
    this.#context.record(this.#pod, 'Normal', 'DeadlineExceeded', message);
    this.#failure = { reason: 'DeadlineExceeded', message };
  }

  /** The pod has come to its end: nothing runs any more, but logs stay until it is deleted. */
  async #settle(): Promise<void> {
    await this.#endings.endAll(graceMsOf(this.#pod));
    const { sandbox } = this.containers;
    if (sandbox?.state === 'running') {
      await this.#context.runtime.signal(sandbox.id, 'SIGKILL');
      await this.containers.look(sandbox.id, sandbox.pid);
    }
    this.#writeStatus();
  }

  async #terminate(): Promise<void> {
    this.#terminating = true;
    const { registry, directories } = this.#context;
    const { name = '', namespace, uid = '' } = this.#pod.metadata;
    this.#syncProbes();
    await this.#endings.endAll(this.#removed ? 0 : this.#deletionGraceMs());
    this.#writeStatus();
    await removeContainers(this.#context, this.containers);
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

  /** A node that is cut off goes on by itself; what it could not tell is told when it is heard again. */
  #tell(next: Pod): Pod {
    const { name = '', namespace } = next.metadata;
    try {
      return this.#context.registry.update(pods, namespace, name, next, {
        subresource: 'status',
      }) as unknown as Pod;
    } catch (error) {
      if (error instanceof LinkDownError) return next;
      throw error;
    }
  }

  /** Writes the status if it differs. Answers `ended` when the pod has come to its end. */
  #writeStatus(): 'ended' | 'alive' {
    const { registry, settings, node, clock } = this.#context;
    const { name = '', namespace, uid } = this.#pod.metadata;
    const current = findObject(registry, pods, namespace, name);
    if (current === undefined || current.metadata.uid !== uid) return 'alive';
    const status = podStatus(current, {
      engine: settings.engine,
      containers: this.containers.byName,
      waiting: this.#starts.waiting,
      started: this.#probes.started,
      ready: this.#probes.ready,
      messages: this.containers.messages,
      sandboxReady: this.containers.sandbox?.state === 'running',
      podIp: this.podIp,
      hostIp: node.hostIp,
      now: clock.now(),
      ...(this.#failure === undefined ? {} : { failure: this.#failure }),
    });
    if (isDeepStrictEqual(status, current.status)) {
      this.#lateStatus.forget();
    } else {
      if (!this.#lateStatus.isDue()) return 'alive';
      const next = { ...structuredClone(current), status };
      this.#pod = this.#tell(next);
    }
    return status.phase === 'Succeeded' || status.phase === 'Failed' ? 'ended' : 'alive';
  }
}
