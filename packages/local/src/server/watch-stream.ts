import type { IncomingMessage, ServerResponse } from 'node:http';
import { ApiError, type KubeObject, type WatchEvent } from '@pgherd/kube/objects';
import type { LocalRegistry, ResourceDefinition } from '../registry/index.ts';
import type { Watch, WatchOptions } from '../registry/registry.ts';
import type { Presenter } from './representation.ts';

/** Bytes that may wait for a slow client before its watch is ended; it lists again and goes on. */
const backlogLimit = 32 * 1024 * 1024;

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
    let watch: Watch | undefined;
    let failure: ApiError | undefined;
    let first = true;
    const send = (event: WatchEvent): void => {
      if (response.writableLength > backlogLimit) {
        response.destroy();
        return;
      }
      if (presenter.plain || event.type === 'ERROR') response.write(this.#encoder.line(event));
      else {
        const object = presenter.event(definition, event.object, first) as KubeObject;
        response.write(JSON.stringify({ type: event.type, object }) + '\n');
      }
      first = false;
    };
    try {
      watch = registry.watch(definition, options, send);
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
      send({ type: 'ERROR', object: failure.status as unknown as KubeObject });
      response.end();
      return;
    }
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
}
