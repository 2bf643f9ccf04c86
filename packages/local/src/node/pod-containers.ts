import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import type { Container, Pod } from '@pgherd/kube/objects';
import type { NodeContext } from './context.ts';
import { containerLogs } from './logs.ts';
import type { RuntimeContainer } from './runtime.ts';
import { terminationFile } from './termination-file.ts';

/** Longest termination message, bytes; from logs: bytes and lines. Kubernetes' numbers. */
const MAX_MESSAGE = 4096;
const MAX_LOG_MESSAGE = 2048;
const MAX_LOG_LINES = 80;

/** How often the engine is asked again when it still says "running" of a process that is gone. */
const ASK_AGAIN_MS = 30;

/** The containers of one pod as the engine has them: current and previous attempt of each, and the sandbox. */
export class PodContainers {
  readonly #context: NodeContext;
  readonly #onChange: () => void;
  readonly #exitWaiters = new Map<string, (() => void)[]>();
  readonly #byName = new Map<string, RuntimeContainer[]>();
  /** The pod’s containers by name. */
  readonly specs: ReadonlyMap<string, Container>;
  readonly messages = new Map<string, string>();
  sandbox: RuntimeContainer | undefined;

  constructor(context: NodeContext, pod: Pod, onChange: () => void) {
    this.#context = context;
    this.#onChange = onChange;
    const all = [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])];
    this.specs = new Map(all.map((each) => [each.name, each]));
  }

  get byName(): ReadonlyMap<string, readonly RuntimeContainer[]> {
    return this.#byName;
  }

  /** The newest attempt. */
  current(name: string): RuntimeContainer | undefined {
    return this.#byName.get(name)?.at(-1);
  }

  previous(name: string): RuntimeContainer | undefined {
    return this.#byName.get(name)?.at(-2);
  }

  running(): RuntimeContainer[] {
    return this.all().filter((each) => each.state === 'running');
  }

  all(): RuntimeContainer[] {
    return [...this.#byName.values()].flat();
  }

  /** Takes in what the engine has; newer knowledge of the same container replaces older. */
  async take(found: RuntimeContainer): Promise<void> {
    if (found.container === undefined) {
      if (this.sandbox === undefined || this.sandbox.attempt <= found.attempt) this.sandbox = found;
    } else {
      const attempts = this.#byName.get(found.container) ?? [];
      const known = attempts.find((each) => each.id === found.id);
      const merged =
        known?.startError === undefined
          ? found
          : { ...found, startError: known.startError, state: known.state };
      const others = attempts.filter((each) => each.id !== found.id);
      const all = [...others, merged].sort((a, b) => a.attempt - b.attempt);
      if (merged.state !== 'running' && !this.messages.has(found.id)) {
        this.messages.set(found.id, await this.#terminationMessage(merged));
      }
      this.#byName.set(found.container, all);
    }
    if (found.state === 'running') {
      this.#context.processes.add(found.pid, () => void this.look(found.id, found.pid));
    } else {
      this.#announceExit(found.id);
    }
  }

  /** Asks the engine about one container again. `gonePid`: a process that is known to have ended. */
  async look(id: string, gonePid?: number): Promise<void> {
    const { runtime, clock, log } = this.#context;
    try {
      const found = await runtime.inspect(id);
      if (found === undefined) this.forget(id);
      else if (found.state === 'running' && found.pid === gonePid) {
        clock.after(ASK_AGAIN_MS, () => void this.look(id, gonePid));
        return;
      } else await this.take(found);
    } catch (error) {
      log.warn({ err: error, container: id }, 'the container engine did not answer about a container');
      clock.after(1000, () => void this.look(id, gonePid));
      return;
    }
    this.#onChange();
  }

  /** It is no longer in the engine. */
  forget(id: string): void {
    if (this.sandbox?.id === id) this.sandbox = undefined;
    for (const [name, attempts] of this.#byName) {
      const rest = attempts.filter((each) => each.id !== id);
      if (rest.length > 0) this.#byName.set(name, rest);
      else this.#byName.delete(name);
    }
    this.messages.delete(id);
    this.#announceExit(id);
  }

  /** Resolves when the container no longer runs; answers false when `ms` pass first. */
  exited(id: string, ms: number, signal?: AbortSignal): Promise<boolean> {
    const runs = [...this.all(), this.sandbox].some((each) => each?.id === id && each.state === 'running');
    if (!runs) return Promise.resolve(true);
    return new Promise((resolve) => {
      const end = (ended: boolean): void => {
        cancel();
        signal?.removeEventListener('abort', aborted);
        resolve(ended);
      };
      const aborted = (): void => end(false);
      const cancel = this.#context.clock.after(ms, () => end(false));
      signal?.addEventListener('abort', aborted, { once: true });
      this.#exitWaiters.set(id, [...(this.#exitWaiters.get(id) ?? []), () => end(true)]);
    });
  }

  #announceExit(id: string): void {
    const waiters = this.#exitWaiters.get(id) ?? [];
    this.#exitWaiters.delete(id);
    for (const waiter of waiters) waiter();
  }

  async #terminationMessage(container: RuntimeContainer): Promise<string> {
    const spec = this.specs.get(container.container ?? '');
    if (spec === undefined || container.startedAt === '') return '';
    const file = terminationFile(
      this.#context.directories.disk(container.podUid),
      spec.name,
      container.attempt,
    );
    const written = readHead(file, MAX_MESSAGE);
    if (
      written !== '' ||
      spec.terminationMessagePolicy !== 'FallbackToLogsOnError' ||
      container.exitCode === 0
    ) {
      return written;
    }
    const { engine, clock } = this.#context;
    const chunks: Buffer[] = [];
    try {
      const options = { tailLines: MAX_LOG_LINES };
      for await (const chunk of containerLogs(engine, container, options, clock, AbortSignal.timeout(5000))) {
        chunks.push(Buffer.from(chunk));
      }
    } catch {
      return '';
    }
    return Buffer.concat(chunks).subarray(-MAX_LOG_MESSAGE).toString('utf8');
  }
}

/** The first bytes of a regular file, '' when there is none. The container's user may have put anything there. */
function readHead(file: string, bytes: number): string {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(file, 'r');
    if (!fstatSync(descriptor).isFile()) return '';
    const buffer = Buffer.alloc(bytes);
    return buffer.subarray(0, readSync(descriptor, buffer, 0, bytes, 0)).toString('utf8');
  } catch {
    return '';
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}
