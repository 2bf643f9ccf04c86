import { duplexPair, type Duplex } from 'node:stream';
import { createHash } from 'node:crypto';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { SpdyConnection, type SpdyStream } from './connection.ts';
import { headerDictionary } from './dictionary.ts';
import { FIN, FrameReader, controlFrame, dataFrame, frameType, type Frame } from './frames.ts';
import { HeaderPacker, HeaderUnpacker, type Headers } from './header-block.ts';

let client: Duplex;
let far: Duplex;
let frames: Frame[];
let opened: SpdyStream[];
let connection: SpdyConnection;
const packer = (): HeaderPacker => new HeaderPacker();
beforeEach(() => {
  const [near, other] = duplexPair();
  client = near;
  far = other;
  frames = [];
  opened = [];
  const reader = new FrameReader();
  client.on('data', (chunk: Buffer) => frames.push(...reader.push(chunk)));
  connection = new SpdyConnection(other, Buffer.alloc(0), (stream) => opened.push(stream));
});
afterEach(async () => {
  client.destroy();
  await connection.closed;
});

const number = (...values: number[]): Buffer => {
  const bytes = Buffer.alloc(4 * values.length);
  values.forEach((value, n) => bytes.writeUInt32BE(value, 4 * n));
  return bytes;
};
const open = async (pack: HeaderPacker, id: number, headers: Headers, flags = 0): Promise<void> => {
  const block = await pack.pack(headers);
  const payload = Buffer.concat([number(id, 0), Buffer.alloc(2), block]);
  client.write(controlFrame(frameType.synStream, flags, payload));
};
const until = async (what: () => unknown): Promise<void> => {
  await expect.poll(what, { timeout: 5000, interval: 5 }).toBeTruthy();
};
const dataOf = (stream: number): string =>
  frames
    .filter((frame) => !frame.control && frame.stream === stream)
    .map(({ payload }) => payload.toString())
    .join('');
const isEnded = (stream: number): boolean =>
  frames.some((frame) => !frame.control && frame.stream === stream && (frame.flags & FIN) !== 0);

test('the dictionary is the one of the protocol', () => {
  expect(headerDictionary).toHaveLength(1423);
  // A stream that begins with it carries its Adler-32 checksum.
  let [a, b] = [1, 0];
  for (const byte of headerDictionary) {
    a = (a + byte) % 65_521;
    b = (b + a) % 65_521;
  }
  expect((b * 65_536 + a).toString(16)).toBe('e3c6a7c2');
});

test('blocks of headers of one connection hang together', async () => {
  const pack = packer();
  const unpacker = new HeaderUnpacker();
  for (const headers of [{ streamtype: 'error' }, { streamtype: 'data', port: '8080' }, {}]) {
    expect(await unpacker.unpack(await pack.pack(headers))).toEqual(headers);
  }
  await expect(unpacker.unpack(Buffer.from('no zlib'))).rejects.toThrow(/./);
});

test('streams carry both ways, and end each way', async () => {
  const pack = packer();
  await open(pack, 1, { streamtype: 'stdin' });
  await open(pack, 3, { streamtype: 'error' }, FIN);
  await until(() => opened.length === 2);
  const [stdin, error] = opened;
  expect(stdin?.headers).toEqual({ streamtype: 'stdin' });
  const replies = frames.filter((frame) => frame.control && frame.type === frameType.synReply);
  expect(replies.map(({ payload }) => payload.readUInt32BE(0))).toEqual([1, 3]);
  client.write(dataFrame(1, 0, Buffer.from('hel')));
  client.write(dataFrame(1, FIN, Buffer.from('lo')));
  let text = '';
  for await (const chunk of stdin ?? []) text += String(chunk);
  expect(text).toBe('hello');
  stdin?.write('answer');
  error?.end('complaint');
  await until(() => isEnded(3));
  expect(dataOf(1)).toBe('answer');
  expect(dataOf(3)).toBe('complaint');
  expect(isEnded(1)).toBe(false);
});

test('much data in small and large pieces comes whole', async () => {
  await open(packer(), 1, {});
  await until(() => opened.length === 1);
  const sent = Buffer.alloc(3_000_000, 'abcdefg');
  const hash = createHash('sha256');
  const received = (async () => {
    for await (const chunk of opened[0] ?? []) hash.update(chunk as Buffer);
  })();
  const bytes = Buffer.concat([dataFrame(1, 0, sent), dataFrame(1, FIN, Buffer.alloc(0))]);
  for (let at = 0; at < bytes.length; at += 70_001) client.write(bytes.subarray(at, at + 70_001));
  await received;
  expect(hash.digest('hex')).toBe(createHash('sha256').update(sent).digest('hex'));
  opened[0]?.end(sent);
  await until(() => isEnded(1));
  expect(dataOf(1)).toHaveLength(sent.length);
});

test('pings are answered, resets end a stream, the rest of the connection goes on', async () => {
  const pack = packer();
  await open(pack, 1, {});
  await open(pack, 3, {});
  await until(() => opened.length === 2);
  client.write(controlFrame(frameType.rstStream, 0, number(1, 5)));
  await until(() => opened[0]?.destroyed);
  client.write(controlFrame(frameType.ping, 0, number(7)));
  await until(() => frames.some((frame) => frame.control && frame.type === frameType.ping));
  client.write(dataFrame(99, 0, Buffer.from('to nobody')));
  opened[1]?.end('still here');
  await until(() => isEnded(3));
  expect(dataOf(3)).toBe('still here');
});

test('what is no SPDY ends the connection, with all its streams', async () => {
  await open(packer(), 1, {});
  await until(() => opened.length === 1);
  const other = controlFrame(frameType.ping, 0, number(1));
  other.writeUInt16BE(0x80_02, 0);
  client.write(other);
  await connection.closed;
  expect(opened[0]?.destroyed).toBe(true);
});

test('a connection that is cut while nobody reads its data', async () => {
  await open(packer(), 1, {});
  await until(() => opened.length === 1);
  client.write(dataFrame(1, 0, Buffer.alloc(1_000_000)));
  far.destroy();
  await connection.closed;
  expect(opened[0]?.destroyed).toBe(true);
});
