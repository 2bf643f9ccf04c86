import { expect, test } from 'vitest';
import { FrameDecoder } from './frames.ts';

function frame(stream: number, text: string): Buffer {
  const header = Buffer.alloc(8);
  header[0] = stream;
  header.writeUInt32BE(Buffer.byteLength(text), 4);
  return Buffer.concat([header, Buffer.from(text)]);
}

function textOf(decoder: FrameDecoder, chunks: Buffer[]): Record<number, string> {
  const texts: Record<number, string> = {};
  for (const chunk of chunks) {
    for (const { stream, data } of decoder.push(chunk)) {
      texts[stream] = (texts[stream] ?? '') + data.toString();
    }
  }
  return texts;
}

const bytes = Buffer.concat([frame(1, 'out one\n'), frame(2, 'err\n'), frame(1, ''), frame(1, 'out two\n')]);

test.each([1, 2, 3, 7, 8, 9, 1000])('decodes frames that arrive in slices of %i bytes', (size) => {
  const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
    bytes.subarray(index * size, (index + 1) * size),
  );
  expect(textOf(new FrameDecoder(), chunks)).toEqual({ 1: 'out one\nout two\n', 2: 'err\n' });
});

test('passes on the payload of an unfinished frame', () => {
  expect(textOf(new FrameDecoder(), [frame(1, 'abcdef').subarray(0, 11)])).toEqual({ 1: 'abc' });
});

test('says so when the stream is a terminal', () => {
  expect(() => new FrameDecoder().push(Buffer.from('plain text output'))).toThrow(/not multiplexed/);
});
