const NEWLINE = 0x0a;

/**
 * Cuts a byte stream into lines, without their ends. Works on bytes, so a chunk may end within a character; what follows
 * the last newline is dropped, since an unfinished line is a torn one.
 */
export async function* splitLines(
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<string, void, undefined> {
  // Parts of a long line are joined once, at its end: an object of many chunks must not be copied for each of them.
  let parts: Uint8Array[] = [];
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      parts.push(chunk.subarray(start, end));
      const line = Buffer.concat(parts).toString('utf8');
      parts = [];
      start = end + 1;
      if (line.trim() !== '') yield line;
    }
    if (start < chunk.length) parts.push(chunk.subarray(start));
  }
}
