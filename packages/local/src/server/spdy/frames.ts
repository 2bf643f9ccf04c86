/** Kinds of control frames that matter here. */
export const frameType = { synStream: 1, synReply: 2, rstStream: 3, ping: 6, goAway: 7 } as const;

/** Nothing follows on this stream. */
export const FIN = 1;

const CONTROL = 0x80_00;
const VERSION = 3;
const headLength = 8;

export interface ControlFrame {
  control: true;
  type: number;
  flags: number;
  payload: Buffer;
}

export interface DataFrame {
  control: false;
  stream: number;
  flags: number;
  payload: Buffer;
}

export type Frame = ControlFrame | DataFrame;

/** Cuts a stream of bytes into frames. */
export class FrameReader {
  #rest: Buffer = Buffer.alloc(0);

  /** @throws Error when this is not SPDY/3. */
  push(chunk: Buffer): Frame[] {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const frames: Frame[] = [];
    for (;;) {
      if (this.#rest.length < headLength) return frames;
      const length = this.#rest.readUIntBE(5, 3);
      if (this.#rest.length < headLength + length) return frames;
      frames.push(frameOf(this.#rest.subarray(0, headLength + length)));
      this.#rest = this.#rest.subarray(headLength + length);
    }
  }
}

function frameOf(bytes: Buffer): Frame {
  const flags = bytes.readUInt8(4);
  const payload = bytes.subarray(headLength);
  const first = bytes.readUInt16BE(0);
  if ((first & CONTROL) === 0) return { control: false, stream: bytes.readUInt32BE(0), flags, payload };
  if ((first & ~CONTROL) !== VERSION) throw new Error(`SPDY version ${first & ~CONTROL} is not spoken here`);
  return { control: true, type: bytes.readUInt16BE(2), flags, payload };
}

export function controlFrame(type: number, flags: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(headLength);
  head.writeUInt16BE(CONTROL | VERSION, 0);
  head.writeUInt16BE(type, 2);
  head.writeUInt8(flags, 4);
  head.writeUIntBE(payload.length, 5, 3);
  return Buffer.concat([head, payload]);
}

export function dataFrame(stream: number, flags: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(headLength);
  head.writeUInt32BE(stream, 0);
  head.writeUInt8(flags, 4);
  head.writeUIntBE(payload.length, 5, 3);
  return Buffer.concat([head, payload]);
}
