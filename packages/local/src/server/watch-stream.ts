import type { IncomingMessage, ServerResponse } from 'node:http';
import { ApiError, type KubeObject, type WatchEvent } from '@pgherd/kube/objects';
import type { LocalRegistry, ResourceDefinition } from '../registry/index.ts';
import type { Watch, WatchOptions } from '../registry/registry.ts';
import type { Presenter } from './representation.ts';

/** Events that may happen while a client does not read; then its watch is ended, and it goes on where it was. */
const eventLimit = 5000;

/** Milliseconds after which a client that reads nothing at all, while something waits for it, is given up. */
const stallLimit = 60_000;

/** Serialises each event once, however many watches it goes to. */
export class EventEncoder {
  readonly #recent = new Map<KubeObject, string>();

  line(event: WatchEvent): string {
    return `{"type":"${event.type}","object":${this.#object(event.object)}}\n`;
  }

  #object(object: KubeObject): string {
    const known = this.#recent.get(object);
    if (known !== undefined) return known;
    const text = JSON.stringify(object);
    this.#recent.set(object, text);
    if (this.#recent.size > 256) {
      const [oldest] = this.#recent.keys();
      if (oldest) this.#recent.delete(oldest);
    }
    return text;
  }
}

/** One watch on its way to its client: what the client does not take yet waits here, in order, not serialised. */
class WatchStream {
  readonly #response: ServerResponse;
  readonly #encode: (event: WatchEvent) => string;
  #waiting: WatchEvent[] = [];
  /** How many of those that wait were there from the start: they are the client's due, however many. */
  #initial = 0;
  #started = false;
  #blocked = false;
  #stall: NodeJS.Timeout | undefined;

  constructor(response: ServerResponse, encode: (event: WatchEvent) => string) {
    this.#response = response;
    this.#encode = encode;
    response.on('drain', () => {
      this.#blocked = false;
      this.#flush();
    });
    response.on('close', () => this.#drop());
  }

  send(event: WatchEvent): void {
    if (this.#response.destroyed) return;
    this.#waiting.push(event);
    if (!this.#started) this.#initial++;
    else if (this.#waiting.length - this.#initial > eventLimit) {
      this.#response.destroy();
      return;
    }
    this.#flush();
  }

  /** From now on events are those that happen. */
  started(): void {
    this.#started = true;
  }

  #flush(): void {
    clearTimeout(this.#stall);
    let sent = 0;
    while (!this.#blocked && sent < this.#waiting.length) {
      const event = this.#waiting[sent++];
      if (event) this.#blocked = !this.#response.write(this.#encode(event));
    }
    this.#waiting.splice(0, sent);
    this.#initial = Math.max(0, this.#initial - sent);
    if (this.#blocked) this.#stall = setTimeout(() => this.#response.destroy(), stallLimit);
  }

  #drop(): void {
    clearTimeout(this.#stall);
    this.#waiting = [];
  }
}

/** The watches of one server, so that they can be ended when it stops. */
export class WatchStreams {
  readonly #open = new Set<() => void>();
  readonly #encoder = new EventEncoder();

  /** Streams one watch until the client leaves, the time is over or the server stops. */
  serve(
    registry: LocalRegistry,
    definition: ResourceDefinition,
    options: WatchOptions,
    timeoutSeconds: number | undefined,
    presenter: Presenter,
    request: IncomingMessage,
    response: ServerResponse,
  ): void {
    const stream = new WatchStream(response, this.#encoding(definition, presenter));
    let watch: Watch | undefined;
    let failure: ApiError | undefined;
    try {
      watch = registry.watch(definition, options, (event) => stream.send(event));
    } catch (error) {
      // What is wrong with the version is told in the stream, as Kubernetes' watch cache does.
      if (!(error instanceof ApiError) || (error.code !== 410 && error.code !== 504)) throw error;
      failure = error;
    }
    response.writeHead(200, {
      'Content-Type': 'application/json',
      'Cache-Control': 'no-cache, private',
    });
    response.flushHeaders();
    if (failure) {
      stream.send({ type: 'ERROR', object: failure.status as unknown as KubeObject });
      response.end();
      return;
    }
    // The registry hands over what is there in the microtask after this.
    setImmediate(() => stream.started());
    // Without a time (0 is none either) Kubernetes chooses one, so that watches do not all end together.
    const seconds = timeoutSeconds || 1800 + Math.random() * 1800;
    const end = (): void => {
      clearTimeout(timer);
      this.#open.delete(end);
      watch?.close();
      response.end();
    };
    const timer = setTimeout(end, Math.max(0, Math.min(seconds, 2_000_000)) * 1000);
    this.#open.add(end);
    request.socket.setKeepAlive(true, 30_000);
    response.on('close', end);
  }

  closeAll(): void {
    for (const end of this.#open) end();
  }

  #encoding(definition: ResourceDefinition, presenter: Presenter): (event: WatchEvent) => string {
    let first = true;
    return (event) => {
      if (presenter.plain || event.type === 'ERROR') return this.#encoder.line(event);
      const object = presenter.event(definition, event.object, first);
      first = false;
      return JSON.stringify({ type: event.type, object }) + '\n';
    };
  }
}
