import { Duplex } from 'node:stream';
import {
  FIN,
  FrameReader,
  controlFrame,
  dataFrame,
  frameType,
  type ControlFrame,
  type Frame,
} from './frames.ts';
import { HeaderPacker, HeaderUnpacker, type Headers } from './header-block.ts';

/** Data of one frame; a frame could have 16 MiB. */
const longestData = 64 * 1024;
/** Streams that one connection may have open. */
const mostStreams = 1000;
const status = { protocolError: 1, refused: 3, cancel: 5 } as const;
const streamId = 0x7fff_ffff;

/** Calls back when the frame has gone out, or can no longer. */
type Send = (frame: Buffer, done: () => void) => void;

/** One stream of a connection, opened by the client. */
export class SpdyStream extends Duplex {
  readonly id: number;
  readonly headers: Headers;
  readonly #send: Send;
  #wanted: (() => void) | undefined;

  constructor(id: number, headers: Headers, send: Send) {
    super({ allowHalfOpen: true });
    this.id = id;
    this.headers = headers;
    this.#send = send;
  }

  /** Takes in what came; resolves when more may come. */
  async receive(payload: Buffer, last: boolean): Promise<void> {
    if (this.destroyed || this.readableEnded) return;
    const room = payload.length === 0 || this.push(payload);
    if (last) this.push(null);
    else if (!room) {
      await new Promise<void>((resolve) => {
        this.#wanted = resolve;
        this.once('close', resolve);
      });
    }
  }

  override _read(): void {
    this.#wanted?.();
    this.#wanted = undefined;
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    const parts: Buffer[] = [];
    for (let at = 0; at < chunk.length; at += longestData) {
      parts.push(dataFrame(this.id, 0, chunk.subarray(at, at + longestData)));
    }
    this.#send(Buffer.concat(parts), done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#send(dataFrame(this.id, FIN, Buffer.alloc(0)), done);
  }
}

/**
 * The server's side of SPDY/3.1 as far as Kubernetes' clients speak it: they open streams, nobody keeps to windows, and
 * pings are answered. The protocol is that of kubectl's exec, attach and port-forward.
 */
export class SpdyConnection {
  readonly #transport: Duplex;
  readonly #streams = new Map<number, SpdyStream>();
  readonly #packer = new HeaderPacker();
  readonly #unpacker = new HeaderUnpacker();
  readonly #onStream: (stream: SpdyStream) => void;
  /** Settles when the connection has ended, however. */
  readonly closed: Promise<void>;

  /** `head`: bytes that came with the request. */
  constructor(transport: Duplex, head: Buffer, onStream: (stream: SpdyStream) => void) {
    this.#transport = transport;
    this.#onStream = onStream;
    if (head.length > 0) transport.unshift(head);
    transport.on('error', () => transport.destroy());
    // A stream that nobody reads would hold up the end.
    transport.on('close', () => this.#drop());
    this.closed = this.#serve().finally(() => {
      this.#drop();
      this.#packer.close();
      this.#unpacker.close();
      transport.destroy();
    });
  }

  /** Ends the connection after what was written. */
  end(): void {
    const payload = Buffer.alloc(8);
    payload.writeUInt32BE(Math.max(0, ...this.#streams.keys()), 0);
    this.#transport.write(controlFrame(frameType.goAway, 0, payload));
    this.#transport.end();
  }

  #drop(): void {
    for (const stream of this.#streams.values()) stream.destroy();
  }

  async #serve(): Promise<void> {
    const reader = new FrameReader();
    try {
      for await (const chunk of this.#transport) {
        for (const frame of reader.push(chunk as Buffer)) await this.#frame(frame);
      }
    } catch {
      // What cannot be read ends the connection, as does its loss.
    }
  }

  async #frame(frame: Frame): Promise<void> {
    if (frame.control) return this.#control(frame);
    const stream = this.#streams.get(frame.stream);
    if (stream) await stream.receive(frame.payload, (frame.flags & FIN) !== 0);
  }

  async #control({ type, flags, payload }: ControlFrame): Promise<void> {
    switch (type) {
      case frameType.synStream:
        return this.#open(payload, (flags & FIN) !== 0);
      case frameType.rstStream:
        this.#streams.get(payload.readUInt32BE(0) & streamId)?.destroy();
        return;
      case frameType.ping:
        // Those of the client are odd; even ones would be answers.
        if (payload.readUInt32BE(0) % 2 === 1) this.#send(controlFrame(type, 0, payload));
        return;
      default:
      // Settings, windows and goodbyes need no answer.
    }
  }

  async #open(payload: Buffer, last: boolean): Promise<void> {
    const id = payload.readUInt32BE(0) & streamId;
    // Read in any case: all blocks of headers hang together.
    const headers = await this.#unpacker.unpack(payload.subarray(10));
    if (this.#streams.has(id)) return this.#reset(id, status.protocolError);
    if (this.#streams.size >= mostStreams) return this.#reset(id, status.refused);
    const stream = new SpdyStream(id, headers, (frame, done) => this.#send(frame, done));
    this.#streams.set(id, stream);
    stream.on('error', () => {});
    stream.on('close', () => {
      this.#streams.delete(id);
      const cut = !stream.readableEnded || !stream.writableFinished;
      if (cut && !this.#transport.writableEnded) this.#reset(id, status.cancel);
    });
    const block = await this.#packer.pack({});
    this.#send(controlFrame(frameType.synReply, 0, Buffer.concat([payload.subarray(0, 4), block])));
    if (last) await stream.receive(Buffer.alloc(0), true);
    this.#onStream(stream);
  }

  #reset(id: number, why: number): void {
    const payload = Buffer.alloc(8);
    payload.writeUInt32BE(id, 0);
    payload.writeUInt32BE(why, 4);
    this.#send(controlFrame(frameType.rstStream, 0, payload));
  }

  #send(frame: Buffer, done: () => void = () => {}): void {
    if (this.#transport.writableEnded || this.#transport.destroyed) done();
    else this.#transport.write(frame, () => done());
  }
}
