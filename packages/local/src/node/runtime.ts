import { EngineError } from '../engine/engine.ts';
import type { Engine } from '../engine/engine.ts';
import type { CreateBody } from './container-spec.ts';
import { LABEL } from './labels.ts';

/** A container (or sandbox) as the engine has it. */
export interface RuntimeContainer {
  id: string;
  podUid: string;
  podName: string;
  podNamespace: string;
  /** Undefined: the pod's sandbox. */
  container: string | undefined;
  attempt: number;
  specHash: string;
  gracePeriod: number;
  state: 'created' | 'running' | 'exited';
  /** Process id on the host; 0 unless running. */
  pid: number;
  exitCode: number;
  oomKilled: boolean;
  /** RFC 3339 as the engine has it; '' when it never started. */
  startedAt: string;
  finishedAt: string;
  image: string;
  imageId: string;
  /** Address in the pod network; '' for all but sandboxes. */
  ip: string;
  tty: boolean;
  /** Why it could not be started. */
  startError?: string;
}

interface Inspect {
  Id: string;
  Image: string;
  Config: { Labels: Record<string, string> | null; Image: string; Tty: boolean };
  State: {
    Status: string;
    Running: boolean;
    Pid: number;
    ExitCode: number;
    OOMKilled: boolean;
    StartedAt: string;
    FinishedAt: string;
  };
  NetworkSettings?: { IPAddress?: string; Networks?: Record<string, { IPAddress?: string }> | null };
}

const NEVER = '0001-01-01T00:00:00Z';

/** The node whose containers are meant. */
export interface OwnNode {
  name: string;
  /** What has no label of a node is its own. */
  isFirst: boolean;
}

/** Whether a container with these labels is on this node. */
export function isOnNode(labels: Readonly<Record<string, string>>, { name, isFirst }: OwnNode): boolean {
  const node = labels[LABEL.node];
  return node === undefined ? isFirst : node === name;
}

/** The container engine in the node agent's words. */
export class Runtime {
  readonly #engine: Engine;
  readonly #instanceId: string;
  readonly #node: OwnNode;

  constructor(engine: Engine, instanceId: string, node: OwnNode) {
    this.#engine = engine;
    this.#instanceId = instanceId;
    this.#node = node;
  }

  /** All containers of this node, with everything that is known of them. */
  async list(): Promise<RuntimeContainer[]> {
    const filters = encodeURIComponent(JSON.stringify({ label: [`${LABEL.instance}=${this.#instanceId}`] }));
    const found = await this.#engine.request<{ Id: string }[]>(
      'GET',
      `/containers/json?all=true&filters=${filters}`,
    );
    const all = await Promise.all(found.map(({ Id }) => this.inspect(Id)));
    return all.filter((each) => each !== undefined);
  }

  /** Undefined when it does not exist (any more) or is not ours. */
  async inspect(id: string): Promise<RuntimeContainer | undefined> {
    const found = await ignoreMissing(this.#engine.request<Inspect>('GET', `/containers/${id}/json`));
    const labels = found?.Config.Labels ?? {};
    if (found === undefined || labels[LABEL.instance] !== this.#instanceId) return undefined;
    if (!isOnNode(labels, this.#node)) return undefined;
    return fromInspect(found, labels);
  }

  /** Makes a container and starts it. One that cannot be started is answered with `startError`. */
  async run(name: string, body: CreateBody): Promise<RuntimeContainer> {
    const { Id } = await this.#create(name, body);
    let startError: string | undefined;
    try {
      await this.#engine.request('POST', `/containers/${Id}/start`);
    } catch (error) {
      if (!(error instanceof EngineError)) throw error;
      startError = error.message;
    }
    const made = await this.inspect(Id);
    if (made === undefined) throw new EngineError(404, `container ${name} vanished while it was started`);
    return startError === undefined ? made : { ...made, state: 'exited', startError };
  }

  /** A container of that name is a leftover of a start that was interrupted before it was recorded. */
  async #create(name: string, body: CreateBody): Promise<{ Id: string }> {
    const create = (): Promise<{ Id: string }> =>
      this.#engine.request('POST', `/containers/create?name=${encodeURIComponent(name)}`, body);
    try {
      return await create();
    } catch (error) {
      if (!(error instanceof EngineError) || !/already in use/.test(error.message)) throw error;
      await this.remove(name);
      return create();
    }
  }

  /** Sends a signal; nothing happens when it does not run. */
  async signal(id: string, signal: string): Promise<void> {
    try {
      await this.#engine.request('POST', `/containers/${id}/kill?signal=${signal}`);
    } catch (error) {
      if (!(error instanceof EngineError) || ![404, 409, 500].includes(error.code)) throw error;
      const now = await this.inspect(id);
      if (now?.state === 'running') throw error;
    }
  }

  async remove(id: string): Promise<void> {
    await ignoreMissing(
      this.#engine.request('DELETE', `/containers/${encodeURIComponent(id)}?force=true&v=true`),
    );
  }

  /** Undefined when the machine does not have it. */
  async image(reference: string): Promise<{ id: string; user: string; size: number } | undefined> {
    const path = `/images/${encodeURIComponent(reference)}/json`;
    const found = await ignoreMissing(
      this.#engine.request<{ Id: string; Size?: number; Config?: { User?: string } | null }>('GET', path),
    );
    if (found === undefined) return undefined;
    return { id: found.Id, user: found.Config?.User ?? '', size: found.Size ?? 0 };
  }

  /** Throws with the registry's answer when it cannot be pulled. */
  async pull(reference: string): Promise<void> {
    const path = `/images/create?fromImage=${encodeURIComponent(reference)}`;
    const answer = await this.#engine.request<unknown>('POST', path);
    const text = typeof answer === 'string' ? answer : JSON.stringify(answer ?? '');
    const failure = /"error":\s*"((?:[^"\\]|\\.)*)"/.exec(text)?.[1];
    if (failure !== undefined) throw new Error(String(JSON.parse(`"${failure}"`)));
  }
}

function fromInspect(found: Inspect, labels: Record<string, string>): RuntimeContainer {
  const { State } = found;
  const networks = Object.values(found.NetworkSettings?.Networks ?? {});
  return {
    id: found.Id,
    podUid: labels[LABEL.podUid] ?? '',
    podName: labels[LABEL.podName] ?? '',
    podNamespace: labels[LABEL.podNamespace] ?? '',
    container: labels[LABEL.container],
    attempt: Number(labels[LABEL.attempt] ?? 0),
    specHash: labels[LABEL.specHash] ?? '',
    gracePeriod: Number(labels[LABEL.gracePeriod] ?? 30),
    state: State.Running ? 'running' : State.StartedAt === NEVER ? 'created' : 'exited',
    pid: State.Pid,
    exitCode: State.ExitCode,
    oomKilled: State.OOMKilled,
    startedAt: State.StartedAt === NEVER ? '' : State.StartedAt,
    finishedAt: State.FinishedAt === NEVER ? '' : State.FinishedAt,
    image: found.Config.Image,
    imageId: found.Image,
    ip: networks.map((network) => network.IPAddress ?? '').find((ip) => ip !== '') ?? '',
    tty: found.Config.Tty,
  };
}

async function ignoreMissing<T>(promise: Promise<T>): Promise<T | undefined> {
  try {
    return await promise;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** podman answers 500 for what vanishes while it looks. */
function isMissing(error: unknown): boolean {
  return (
    error instanceof EngineError && (error.code === 404 || /no such (container|image)/i.test(error.message))
  );
}
