import { constants, createDeflate, createInflate, type Deflate, type Inflate } from 'node:zlib';
import { headerDictionary } from './dictionary.ts';

/** Names in lower case. */
export type Headers = Record<string, string>;

/** Bytes of one block of headers, unpacked; the clients' have a few dozen. */
const longestBlock = 64 * 1024;

/** Packs the headers of one connection; all blocks together are one zlib stream. */
export class HeaderPacker {
  readonly #deflate: Deflate = createDeflate({ dictionary: headerDictionary });
  #packed: Buffer[] = [];

  constructor() {
    this.#deflate.on('data', (chunk: Buffer) => this.#packed.push(chunk));
  }

  async pack(headers: Headers): Promise<Buffer> {
    const entries = Object.entries(headers);
    const plain = Buffer.concat([number(entries.length), ...entries.flat().map(text)]);
    await new Promise<void>((resolve, reject) => {
      this.#deflate.once('error', reject);
      this.#deflate.write(plain);
      this.#deflate.flush(constants.Z_SYNC_FLUSH, () => {
        this.#deflate.off('error', reject);
        resolve();
      });
    });
    const packed = Buffer.concat(this.#packed);
    this.#packed = [];
    return packed;
  }

  close(): void {
    this.#deflate.close();
  }
}

/** Unpacks the headers of one connection. */
export class HeaderUnpacker {
  readonly #inflate: Inflate = createInflate({ dictionary: headerDictionary });
  #plain: Buffer[] = [];

  constructor() {
    this.#inflate.on('data', (chunk: Buffer) => this.#plain.push(chunk));
  }

  /** @throws Error for what is no block of headers. */
  async unpack(block: Buffer): Promise<Headers> {
    await new Promise<void>((resolve, reject) => {
      this.#inflate.once('error', reject);
      this.#inflate.write(block);
      this.#inflate.flush(constants.Z_SYNC_FLUSH, () => {
        this.#inflate.off('error', reject);
        resolve();
      });
    });
    const plain = Buffer.concat(this.#plain);
    this.#plain = [];
    if (plain.length > longestBlock) throw new Error('a block of headers is too long');
    return parse(plain);
  }

  close(): void {
    this.#inflate.close();
  }
}

function number(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([number(bytes.length), bytes]);
}

function parse(plain: Buffer): Headers {
  let at = 0;
  const take = (length: number): Buffer => {
    if (at + length > plain.length) throw new Error('a block of headers is cut off');
    at += length;
    return plain.subarray(at - length, at);
  };
  const takeText = (): string => take(take(4).readUInt32BE()).toString('utf8');
  const headers: Headers = {};
  for (let left = take(4).readUInt32BE(); left > 0; left--) headers[takeText().toLowerCase()] = takeText();
  return headers;
}
