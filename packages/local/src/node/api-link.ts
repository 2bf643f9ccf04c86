import { ApiError } from '@pgherd/kube/objects';
import type { KubeObject, Resource, WatchEvent } from '@pgherd/kube/objects';
import type { TokenIssuer } from '../auth/auth.ts';
import type { Registry, Watch } from '../registry/registry.ts';

/** How many answers an agent remembers for the time when it hears nothing. */
const REMEMBERED = 2000;

/** The agent cannot reach the API server. */
export class LinkDownError extends ApiError {
  constructor(nodeName: string) {
    super(503, 'ServiceUnavailable', `node ${nodeName} is cut off from the API server`);
  }
}

/**
 * How a node's agent talks to the API server, so that it can be cut off. While it is, reads answer what was read last, as an
 * agent's own cache would, writes fail, and nothing is heard; afterwards every watch begins anew with a list.
 */
export class ApiLink {
  /** The API server as the agent sees it. */
  readonly registry: Registry;
  readonly #nodeName: string;
  readonly #remembered = new Map<string, unknown>();
  readonly #listeners = new Set<(event: WatchEvent) => void>();
  #isUp = true;

  constructor(registry: Registry, nodeName: string) {
    this.#nodeName = nodeName;
    const through =
      <A extends unknown[], R>(call: (...args: A) => R) =>
      (...args: A): R => {
        this.check();
        return call(...args);
      };
    this.registry = {
      resources: () => registry.resources(),
      resource: (ref) => registry.resource(ref),
      get: (ref, namespace, name, options) =>
        this.#read(keyOf(ref, namespace, name), () => registry.get(ref, namespace, name, options)),
      list: (ref, options) =>
        this.#read(keyOf(ref, JSON.stringify(options ?? {})), () => registry.list(ref, options)),
      create: through((...args) => registry.create(...args)),
      update: through((...args) => registry.update(...args)),
      patch: through((...args) => registry.patch(...args)),
      delete: through((...args) => registry.delete(...args)),
      deleteCollection: through((...args) => registry.deleteCollection(...args)),
      batched: through((work) => registry.batched(work)),
      watch: through((ref, options, onEvent) => this.#watch(registry, ref, options, onEvent)),
    };
  }

  get isUp(): boolean {
    return this.#isUp;
  }

  /** Throws while the agent is cut off. */
  check(): void {
    if (!this.#isUp) throw new LinkDownError(this.#nodeName);
  }

  cut(): void {
    this.#isUp = false;
  }

  heal(): void {
    if (this.#isUp) return;
    this.#isUp = true;
    const status: KubeObject = { apiVersion: 'v1', kind: 'Status', metadata: {} };
    for (const listener of this.#listeners) listener({ type: 'ERROR', object: status });
  }

  /** Tokens come from the API server. */
  tokens(issuer: TokenIssuer): TokenIssuer {
    return {
      issue: (request) => {
        this.check();
        return issuer.issue(request);
      },
    };
  }

  #read<T>(key: string, read: () => T): T {
    if (!this.#isUp) {
      if (!this.#remembered.has(key)) throw new LinkDownError(this.#nodeName);
      return this.#remembered.get(key) as T;
    }
    this.#remembered.delete(key);
    const answer = read();
    this.#remembered.set(key, answer);
    const oldest = this.#remembered.keys().next().value;
    if (this.#remembered.size > REMEMBERED && oldest !== undefined) this.#remembered.delete(oldest);
    return answer;
  }

  #watch(
    registry: Registry,
    ref: Resource,
    options: Parameters<Registry['watch']>[1],
    onEvent: (event: WatchEvent) => void,
  ): Watch {
    const watch = registry.watch(ref, options, (event) => {
      if (this.#isUp) onEvent(event);
    });
    this.#listeners.add(onEvent);
    return {
      close: () => {
        this.#listeners.delete(onEvent);
        watch.close();
      },
    };
  }
}

function keyOf({ group, plural }: Resource, ...rest: (string | undefined)[]): string {
  return [group, plural, ...rest].join('/');
}
