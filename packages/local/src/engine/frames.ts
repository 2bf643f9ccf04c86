/** A piece of a container's output: 1 standard output, 2 standard error (0 is the echo of standard input). */
export interface Frame {
  stream: 0 | 1 | 2;
  data: Buffer;
}

/** Length of a frame's header: stream type, three zero bytes, payload length (big endian). */
const HEADER = 8;

/**
 * Decodes the multiplexed stream of logs, attach and exec without a terminal. Feed it what arrives, in any
 * slices; it answers the pieces that are complete. Payload is passed on as it comes, not held until its frame
 * is complete, so that long frames stream.
 */
export class FrameDecoder {
  #header = Buffer.alloc(0);
  #stream: Frame['stream'] = 1;
  #left = 0;

  /** Throws when the bytes are not a multiplexed stream (a terminal's output, say). */
  push(chunk: Buffer): Frame[] {
    const frames: Frame[] = [];
    let rest = chunk;
    while (rest.length > 0) {
      if (this.#left > 0) {
        const data = rest.subarray(0, this.#left);
        frames.push({ stream: this.#stream, data });
        this.#left -= data.length;
        rest = rest.subarray(data.length);
        continue;
      }
      const missing = HEADER - this.#header.length;
      this.#header = Buffer.concat([this.#header, rest.subarray(0, missing)]);
      rest = rest.subarray(missing);
      if (this.#header.length < HEADER) break;
      this.#readHeader();
    }
    return frames;
  }

  #readHeader(): void {
    const [stream, ...zeros] = this.#header.subarray(0, 4);
    if ((stream !== 0 && stream !== 1 && stream !== 2) || zeros.some((byte) => byte !== 0)) {
      throw new Error('the container engine sent a stream that is not multiplexed (bad frame header)');
    }
    this.#stream = stream;
    this.#left = this.#header.readUInt32BE(4);
    this.#header = Buffer.alloc(0);
  }
}
