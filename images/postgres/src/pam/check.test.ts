import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { answerFor, startTokenInfoServer, type TokenInfoServer } from './testing/token-info-server.ts';
import { askTokenInfo, longestAnswer } from './token-info.ts';

const program = fileURLToPath(new URL('check.ts', import.meta.url));
const jane = { uid: 'jane', realm: '/employees', expires_in: 3598 };
const long = (size: number): string => 'eyJhbGciOi.'.repeat(size).slice(0, size);
const special = '&uid=joe#%2e+/=?"\'\\ <ü€>\n;$(x)';

let server: TokenInfoServer;

beforeAll(async () => {
  const known = answerFor({
    [long(300)]: jane,
    [long(4096)]: jane,
    [special]: jane,
    good: jane,
    joe: { ...jane, uid: 'joe' },
    partner: { ...jane, realm: '/partners' },
    expired: { ...jane, expires_in: 0 },
  });
  server = await startTokenInfoServer((token, response) => {
    if (token === 'error') throw new Error('as asked');
    if (token === 'redirect') response.writeHead(302, { location: `${server.url}good` }).end();
    else if (token === 'garbage') response.end('<html>');
    else if (token === 'huge') response.end(JSON.stringify({ ...jane, more: 'x'.repeat(longestAnswer) }));
    else if (token === 'broken') response.writeHead(200, { 'content-length': 500 }).write('{"uid":"jane"');
    else if (token === 'reset') response.destroy();
    else if (token === 'hang') response.write('{');
    else known(token, response);
    if (token === 'broken') setImmediate(() => response.destroy());
  });
});
afterAll(() => server.stop());

/** Runs the whole program as the module does: no environment, input and then its end. */
async function check(
  input: string | Buffer,
  args = [server.url, 'uid', 'realm=/employees'],
  ca = server.caFile,
) {
  const words = ca === '' ? args : [`ca_file=${ca}`, ...args];
  const child = spawn(process.execPath, [program, ...words], { env: {}, stdio: 'pipe' });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  // It may end before it has read everything.
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  const [code] = (await once(child, 'close')) as [number];
  expect(code).toBe(0);
  return output;
}

const login = (token: string, user = 'jane'): Promise<string> => check(`${user}\0${token}`);

describe('what a token-info server says', () => {
  test.each([
    ['a token of 300 bytes', long(300)],
    ['a token of 4 KiB', long(4096)],
    ['a token of special characters', special],
  ])('%s is good', async (_what, token) => {
    expect(await login(token)).toBe('ok');
    expect(server.asked.at(-1)).toBe(token);
  });

  test.each([
    ['unknown', 'the token-info server answered with status 400'],
    ['joe', "the token's uid is another user"],
    ['partner', "the token's realm is not what it must be"],
    ['expired', 'the token has expired'],
    ['error', 'the token-info server answered with status 500'],
    ['redirect', 'the token-info server answered with status 302'],
    ['garbage', 'the token-info server did not answer with JSON'],
    ['huge', 'the token-info server answered with too much'],
    ['broken', 'the token-info server broke off'],
    ['reset', 'the token-info server cannot be asked: ECONNRESET'],
  ])('%s is refused: %s', async (token, why) => {
    expect(await login(token)).toBe(why);
  });

  test('the same token for another role is refused', async () => {
    expect(await login('good', 'joe')).toBe("the token's uid is another user");
  });

  test('one that hangs is given up', async () => {
    const ca = readFileSync(server.caFile);
    expect(await askTokenInfo(server.url, Buffer.from('hang'), { ca, timeoutMs: 300 })).toEqual({
      refusal: 'the token-info server did not answer in 0.3 s',
    });
  });

  test('one that is not there, or whose certificate is of a stranger', async () => {
    expect(await check('jane\0good', ['https://127.0.0.1:1/?access_token=', 'uid'])).toBe(
      'the token-info server cannot be asked: ECONNREFUSED',
    );
    const other = await startTokenInfoServer(answerFor({ good: jane }));
    try {
      const before = server.asked.length;
      expect(await check('jane\0good', [server.url, 'uid'], other.caFile)).toMatch(
        /cannot be asked: \w*SIGN/,
      );
      const byName = server.url.replace('127.0.0.1', 'localhost');
      expect(await check('jane\0good', [byName, 'uid'])).toMatch(/cannot be asked: ERR_TLS_CERT_ALTNAME/);
      expect(server.asked.length).toBe(before);
    } finally {
      await other.stop();
    }
  });
});

describe('what the module hands over', () => {
  test.each([
    ['nothing', '', 'user or token is missing'],
    ['no token', 'jane\0', 'user or token is missing'],
    ['no user', '\0good', 'user or token is missing'],
    ['no border between them', 'janegood', 'user or token is missing'],
    ['too much', `jane\0${'x'.repeat(20_000)}`, 'user or token is too long'],
    ['a name that is not UTF-8', Buffer.from([0xff, 0, 0x67]), 'the user name is not UTF-8'],
  ])('%s', async (_what, input, why) => {
    expect(await check(input)).toBe(why);
  });

  test('bad arguments, and an authority that is not there', async () => {
    expect(await check('jane\0good', ['http://127.0.0.1/', 'uid'])).toMatch(/does not begin with https/);
    expect(await check('jane\0good', [server.url, 'uid'], '/not/there')).toBe('cannot read /not/there');
    expect(await check('jane\0good', [server.url, 'uid'], '')).toMatch(/cannot be asked: |cannot read/);
  });
});
