import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';

/** Milliseconds that a read `resolv.conf` is used; it changes when a laptop changes networks. */
const keep = 5_000;

/** The name servers of a `resolv.conf`, in order; at most three count, as in the C library. */
export function parseResolvConf(text: string): string[] {
  return text
    .split('\n')
    .flatMap((line) => {
      const [keyword, address = ''] = line.trim().split(/\s+/);
      return keyword === 'nameserver' && isIP(address.split('%')[0]!) !== 0 ? [address] : [];
    })
    .slice(0, 3);
}

/** The host's name servers as they are now, without `except` (this server itself). Unreadable: none. */
export function hostResolvers(except: readonly string[], file = '/etc/resolv.conf'): () => Promise<string[]> {
  let known: string[] = [];
  let readAt = Number.NEGATIVE_INFINITY;
  return async () => {
    const now = performance.now();
    if (now - readAt < keep) return known;
    readAt = now;
    known = parseResolvConf(await readFile(file, 'utf8').catch(() => '')).filter(
      (server) => !except.includes(server),
    );
    return known;
  };
}
