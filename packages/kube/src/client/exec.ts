import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import type { Writable } from 'node:stream';
import { WebSocket } from 'ws';
import { pods } from '../objects/index.ts';
import type { Status } from '../objects/index.ts';
import { apiErrorFrom, apiErrorFromStatus, TransportError } from './errors.ts';
import { objectPath, withQuery } from './paths.ts';
import type { ObjectKey } from './paths.ts';
import { readText } from './transport.ts';
import type { Transport } from './transport.ts';

/** A command to run in a container. */
export interface ExecOptions {
  /** Program and arguments; no shell. */
  command: string[];
  /** Needed when the pod has several. */
  container?: string;
  /**
   * What the command reads; a stream is destroyed when the command has ended. Its end closes the command's standard input, which needs a server that speaks
   * v5.channel.k8s.io; an older one keeps it open until the command ends.
   */
  stdin?: Readable | string | Buffer;
  /** Where output goes; absent: collected into the result. */
  stdout?: Writable;
  stderr?: Writable;
  /** Gives the command a terminal; its error output then comes with its output. */
  tty?: boolean;
  /** Sizes of the terminal, the first at once, then at each change; the caller ends it. */
  sizes?: AsyncIterable<{ columns: number; rows: number }>;
  /** Closes the connection; the promise rejects with the signal's reason. */
  signal?: AbortSignal;
}

/** How the command ended. */
export interface ExecResult {
  exitCode: number;
  /** Output, UTF-8, where no stream of the caller's took it. */
  stdout: string;
  stderr: string;
}

const PROTOCOLS = ['v5.channel.k8s.io', 'v4.channel.k8s.io'];
const STDIN = 0;
const STDOUT = 1;
const STDERR = 2;
const STATUS = 3;
const RESIZE = 4;
/** v5 only: `[CLOSE, channel]` says that nothing more comes on that channel. */
const CLOSE = 255;

/**
 * Runs a command over the WebSocket protocol that kubectl uses. A command that ends with another code than 0 is a result,
 * not an exception; a command that cannot be started is an `ApiError`.
 */
export async function execInPod(
  transport: Transport,
  pod: ObjectKey,
  options: ExecOptions,
): Promise<ExecResult> {
  options.signal?.throwIfAborted();
  const socket = await open(transport, pod, options);
  const output = {
    [STDOUT]: new Output(options.stdout, socket),
    [STDERR]: new Output(options.stderr, socket),
  };
  // Ends the senders below when the command has ended before them.
  const over = new AbortController();
  try {
    const ended = waitForStatus(socket, output, transport.address, options.signal);
    const fed = Promise.all([
      feed(socket, options.stdin, over.signal),
      resize(socket, options.sizes, over.signal),
    ]);
    const status = await Promise.race([ended, fed.then(() => ended)]);
    return { exitCode: exitCodeOf(status), stdout: output[STDOUT].text(), stderr: output[STDERR].text() };
  } finally {
    over.abort();
    // Also ends the loop in feed() that waits for more of it.
    if (options.stdin instanceof Readable) options.stdin.destroy();
    socket.terminate();
  }
}

async function open(transport: Transport, pod: ObjectKey, options: ExecOptions): Promise<WebSocket> {
  const path = withQuery(objectPath(pods, pod, 'exec'), {
    command: options.command,
    container: options.container,
    stdin: options.stdin !== undefined,
    stdout: true,
    // With a terminal there is one stream only, and servers refuse to be asked for two.
    stderr: options.tty !== true,
    tty: options.tty === true,
  });
  const { headers, agent } = await transport.tlsAndHeaders();
  const url = new URL(transport.pathOf(path), transport.address);
  url.protocol = url.protocol === 'http:' ? 'ws:' : 'wss:';
  const { promise, resolve, reject } = Promise.withResolvers<WebSocket>();
  const socket = new WebSocket(url, PROTOCOLS, {
    agent,
    headers: headers as Record<string, string>,
    handshakeTimeout: 30_000,
    perMessageDeflate: false,
  });
  // The first message may follow the handshake in the same packet; nothing may be lost until somebody listens.
  socket.once('open', () => {
    socket.pause();
    resolve(socket);
  });
  socket.on('error', (error) => reject(TransportError.from(transport.address, error)));
  socket.once('unexpected-response', (_, answer: IncomingMessage) => {
    void refused(answer, pod).then(reject);
  });
  const abort = (): void => {
    reject(options.signal?.reason as Error);
    socket.terminate();
  };
  options.signal?.addEventListener('abort', abort, { once: true });
  try {
    return await promise;
  } finally {
    options.signal?.removeEventListener('abort', abort);
  }
}

async function refused(answer: IncomingMessage, pod: ObjectKey): Promise<Error> {
  const body = await readText(answer).catch(() => '');
  return apiErrorFrom(answer.statusCode ?? 500, body, `exec in pod ${pod.namespace}/${pod.name}`);
}

function waitForStatus(
  socket: WebSocket,
  output: Record<number, Output>,
  address: string,
  signal: AbortSignal | undefined,
): Promise<Partial<Status>> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal?.reason as Error);
    if (signal?.aborted === true) abort();
    signal?.addEventListener('abort', abort, { once: true });
    socket.on('message', (data: Buffer) => {
      const channel = data[0] ?? CLOSE;
      if (channel === STATUS) resolve(JSON.parse(data.toString('utf8', 1)) as Status);
      else output[channel]?.write(data.subarray(1));
    });
    socket.on('error', (error) => reject(TransportError.from(address, error)));
    socket.on('close', () => {
      signal?.removeEventListener('abort', abort);
      // After the status this changes nothing.
      reject(new TransportError(address, 'ECONNRESET', 'the connection ended before the command did'));
    });
    socket.resume();
  });
}

/** Where one output channel goes; stops the socket while the taker is full. */
class Output {
  readonly #stream: Writable | undefined;
  readonly #socket: WebSocket;
  readonly #chunks: Buffer[] = [];

  constructor(stream: Writable | undefined, socket: WebSocket) {
    this.#stream = stream;
    this.#socket = socket;
  }

  write(chunk: Buffer): void {
    if (this.#stream === undefined) this.#chunks.push(chunk);
    else if (chunk.length > 0 && !this.#stream.write(chunk)) {
      this.#socket.pause();
      this.#stream.once('drain', () => this.#socket.resume());
    }
  }

  text(): string {
    return Buffer.concat(this.#chunks).toString('utf8');
  }
}

async function feed(socket: WebSocket, stdin: ExecOptions['stdin'], over: AbortSignal): Promise<void> {
  if (stdin === undefined) return;
  const chunks: AsyncIterable<unknown> | Iterable<unknown> =
    typeof stdin === 'string' || Buffer.isBuffer(stdin) ? [stdin] : stdin;
  for await (const chunk of chunks) {
    if (over.aborted) return;
    await send(socket, STDIN, Buffer.from(chunk as string | Buffer));
  }
  if (socket.protocol === PROTOCOLS[0]) await send(socket, CLOSE, Buffer.of(STDIN));
}

async function resize(socket: WebSocket, sizes: ExecOptions['sizes'], over: AbortSignal): Promise<void> {
  for await (const { columns, rows } of sizes ?? []) {
    if (over.aborted) return;
    await send(socket, RESIZE, Buffer.from(JSON.stringify({ Width: columns, Height: rows })));
  }
}

/** A socket that closed meanwhile is no failure of sending: the command has ended, and its status says how. */
const send = (socket: WebSocket, channel: number, data: Buffer): Promise<void> =>
  new Promise((resolve) => {
    if (socket.readyState === WebSocket.OPEN)
      socket.send(Buffer.concat([Buffer.of(channel), data]), () => resolve());
    else resolve();
  });

function exitCodeOf(status: Partial<Status>): number {
  if (status.status === 'Success') return 0;
  const cause = status.details?.causes?.find(({ reason }) => reason === 'ExitCode');
  const code = Number(cause?.message);
  if (status.reason === 'NonZeroExitCode' && Number.isInteger(code)) return code;
  throw apiErrorFromStatus(status);
}
