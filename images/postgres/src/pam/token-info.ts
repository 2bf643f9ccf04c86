import { request } from 'node:https';

/** Longest answer that is read, in bytes. */
export const longestAnswer = 64 * 1024;

/** What came of asking: the answer, or why there is none. The words never have the URL in them: it holds the token. */
export type TokenInfo = { body: string } | { refusal: string };

const brokeOff = { refusal: 'the token-info server broke off' };

/** Every byte that is not unreserved in a URL (RFC 3986), as %XX. */
function percentEncoded(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => {
    const character = String.fromCharCode(byte);
    return /[A-Za-z0-9._~-]/.test(character)
      ? character
      : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }).join('');
}

/**
 * Asks the token-info server about a token. Redirects are not followed, proxies not used.
 * @param url what the token is appended to, https
 * @param ca authorities, in PEM, that may have signed the server's certificate
 * @param timeoutMs for everything together
 */
export function askTokenInfo(
  url: string,
  token: Uint8Array,
  { ca, timeoutMs }: { ca: string | Buffer; timeoutMs: number },
): Promise<TokenInfo> {
  return new Promise((done) => {
    const asking = request(`${url}${percentEncoded(token)}`, {
      ca,
      rejectUnauthorized: true,
      agent: false,
      headers: { accept: 'application/json', 'user-agent': 'pgherd-pam-oauth2' },
    });
    const end = (result: TokenInfo): void => {
      clearTimeout(timer);
      asking.destroy();
      done(result);
    };
    const timer = setTimeout(
      () => end({ refusal: `the token-info server did not answer in ${timeoutMs / 1000} s` }),
      timeoutMs,
    );
    const failed = ({ code }: NodeJS.ErrnoException): void =>
      end({ refusal: `the token-info server cannot be asked: ${code ?? 'unknown error'}` });
    asking.on('error', failed);
    asking.on('close', () => end(brokeOff));
    asking.on('response', (response) => {
      if (response.statusCode !== 200) {
        end({ refusal: `the token-info server answered with status ${response.statusCode}` });
        return;
      }
      const chunks: Buffer[] = [];
      let size = 0;
      response.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size > longestAnswer) end({ refusal: 'the token-info server answered with too much' });
        else chunks.push(chunk);
      });
      response.on('error', failed);
      // Without `complete` the connection broke off in the middle.
      response.on('end', () =>
        end(response.complete ? { body: Buffer.concat(chunks).toString('utf8') } : brokeOff),
      );
    });
    asking.end();
  });
}
