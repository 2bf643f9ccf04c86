import { readFileSync, writeFileSync } from 'node:fs';
import { Agent, request as httpsRequest } from 'node:https';
import {
  createServer,
  type ClientRequest,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { finished, pipeline } from 'node:stream/promises';
import type { AddressInfo, Socket } from 'node:net';
import { parse, stringify } from 'yaml';

/** Writes that nothing follows from: who leads, what may I do, what happened, and what is told of it in a status. */
const besideThePoint = /\/(leases|events|selfsubjectaccessreviews|status)(\/|\?|$)/;

/** A look into a pod, which changes nothing. */
const onlyLooks = /^df /;

/** What the operator hears once it is dead. */
export class Dead extends Error {}

interface Kubeconfig {
  clusters: { cluster: { server: string; 'certificate-authority-data'?: string } }[];
}

/**
 * Everything that one operator writes goes through here, to the API server, Patroni or PostgreSQL. After its write number
 * `last` it is cut off, as if it had been killed at that moment: the write is done, its answer is never heard, and nothing
 * else gets out.
 */
export class CrashPoint {
  /** The writes that were done, in order. */
  readonly writes: string[] = [];
  /** Resolves when it is dead. */
  readonly died: Promise<void>;
  /** Kubeconfig for the operator. */
  readonly kubeconfig: string;
  #last: number;
  readonly #server: Server;
  readonly #upstream: URL;
  readonly #agent: Agent;
  readonly #sockets = new Set<Socket>();
  #isDead = false;
  #die: () => void = () => {};

  private constructor(kubeconfig: string, last: number, cut: string) {
    this.#last = last;
    this.died = new Promise((resolve) => (this.#die = resolve));
    const config = parse(readFileSync(kubeconfig, 'utf8')) as Kubeconfig;
    const { server, 'certificate-authority-data': ca = '' } = config.clusters[0]!.cluster;
    this.#upstream = new URL(server);
    this.#agent = new Agent({ keepAlive: true, ca: Buffer.from(ca, 'base64') });
    this.kubeconfig = cut;
    this.#server = createServer((request, response) => {
      this.#forward(request, response).catch(() => request.socket.destroy());
    });
    this.#server.on('upgrade', (request: IncomingMessage, client: Duplex, first: Buffer) => {
      this.#command(request, client, first).catch(() => client.destroy());
    });
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
  }

  /** `kubeconfig` is that of the operator, `cut` where to write the one to use; with `last` infinite it lives on. */
  static async open(kubeconfig: string, last: number, cut = `${kubeconfig}.cut`): Promise<CrashPoint> {
    const point = new CrashPoint(kubeconfig, last, cut);
    point.#server.listen(0, '127.0.0.1');
    await once(point.#server, 'listening');
    const { port } = point.#server.address() as AddressInfo;
    const config = parse(readFileSync(kubeconfig, 'utf8')) as Kubeconfig;
    config.clusters[0]!.cluster = { server: `http://127.0.0.1:${port}` };
    writeFileSync(point.kubeconfig, stringify(config), { mode: 0o600 });
    return point;
  }

  /** Counts anew from here on: its write number `last` is the last one. */
  arm(last: number): void {
    this.writes.splice(0);
    this.#last = last;
  }

  /** Whether its last write was done. */
  get isCut(): boolean {
    return this.writes.length === this.#last;
  }

  /** Does a write in the operator's name, and kills it afterwards when that was its last one. */
  async write<T>(what: string, act: (isLast: boolean) => Promise<T>): Promise<T> {
    if (this.#isDead) throw new Dead(what);
    this.writes.push(what);
    const isLast = this.writes.length === this.#last;
    if (!isLast) return act(false);
    // What it does at the same time ends where it is.
    this.#isDead = true;
    try {
      await act(true);
    } finally {
      this.close();
      this.#die();
    }
    throw new Dead(what);
  }

  /** Nothing comes through any more. */
  close(): void {
    this.#isDead = true;
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    this.#agent.destroy();
  }

  async #forward(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = 'GET', url = '/' } = request;
    if (this.#isDead) throw new Dead(url);
    if (method === 'GET' || besideThePoint.test(url)) {
      const answer = await this.#ask(request);
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      // A watch may be silent for long.
      response.flushHeaders();
      await pipeline(answer, response);
      return;
    }
    const { answer, body } = await this.write(`${method} ${url.split('?')[0]}`, async () => {
      const asked = await this.#ask(request);
      const chunks: Buffer[] = [];
      for await (const chunk of asked) chunks.push(chunk as Buffer);
      return { answer: asked, body: Buffer.concat(chunks) };
    });
    response.writeHead(answer.statusCode ?? 500, answer.headers);
    response.end(body);
  }

  /** A command in a pod. Of the last one the operator does not hear how it ended. */
  async #command(request: IncomingMessage, client: Duplex, first: Buffer): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? '', this.#upstream);
    const words = searchParams.getAll('command');
    const run = (isLast: boolean) => this.#run(request, client, first, isLast);
    if (this.#isDead) throw new Dead(pathname);
    if (words.some((word) => onlyLooks.test(word))) await run(false);
    else await this.write(`exec ${pathname.split('/').at(-2)} ${words.slice(0, 2).join(' ')}`, run);
  }

  /** Until the command has ended. */
  async #run(request: IncomingMessage, client: Duplex, first: Buffer, isLast: boolean): Promise<void> {
    const asked = this.#send(request, new Agent({ ca: this.#agent.options.ca }));
    asked.end();
    const { promise, resolve, reject } = Promise.withResolvers<[IncomingMessage, Duplex?, Buffer?]>();
    asked.once('error', reject);
    asked.once('response', (answer) => resolve([answer]));
    asked.once('upgrade', (...answered) => resolve(answered));
    const [answer, server, early = Buffer.alloc(0)] = await promise;
    const { statusCode, statusMessage, rawHeaders } = answer;
    const lines = rawHeaders.flatMap((name, n) => (n % 2 === 0 ? [`${name}: ${rawHeaders[n + 1]}`] : []));
    client.write(`HTTP/1.1 ${statusCode} ${statusMessage}\r\n${lines.join('\r\n')}\r\n\r\n`);
    if (server === undefined) {
      await pipeline(answer, client);
      return;
    }
    server.on('error', () => undefined);
    server.write(first);
    client.on('error', () => server.destroy());
    client.once('close', () => server.destroy());
    client.pipe(server);
    if (isLast) server.resume();
    else client.write(early);
    if (!isLast) server.pipe(client);
    await finished(server, { writable: false }).catch(() => undefined);
  }

  #ask(request: IncomingMessage): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const asked = this.#send(request, this.#agent);
      asked.once('response', resolve);
      asked.once('error', reject);
      request.pipe(asked);
    });
  }

  #send({ method, url, headers }: IncomingMessage, agent: Agent): ClientRequest {
    const { hostname, port } = this.#upstream;
    const asked = httpsRequest({ hostname, port, method, path: url, headers, agent });
    // A connection that is cut may say so more than once.
    asked.on('error', () => undefined);
    return asked;
  }
}
