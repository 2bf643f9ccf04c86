import type { IncomingHttpHeaders } from 'node:http';

/** Names that a person may have for this machine's loopback. */
const loopbackHosts = /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/i;

/**
 * Why a request must not be answered because a browser may have been led here by another site; undefined when there is
 * nothing to fear. `isLoopback`: no token protects the answer, so that the name in `Host` must be one that nobody else
 * can make point here (DNS rebinding).
 */
export function browserTrouble(headers: IncomingHttpHeaders, isLoopback: boolean): string | undefined {
  const { host = '', origin } = headers;
  if (isLoopback && !loopbackHosts.test(host)) {
    return `the Host "${host}" is not a name of loopback: use localhost or 127.0.0.1`;
  }
  const site = headers['sec-fetch-site'];
  if (site === 'cross-site' || site === 'same-site') return 'the request comes from a page of another site';
  if (origin !== undefined && origin !== `http://${host}` && origin !== `https://${host}`) {
    return `the request comes from a page of ${origin.slice(0, 200)}`;
  }
  return undefined;
}

/** The peer is this machine itself (or this pod), and not a proxy on it that speaks for somebody else. */
export function isLoopback(remoteAddress: string | undefined, headers: IncomingHttpHeaders): boolean {
  const isOwn = ['127.0.0.1', '::1', '::ffff:127.0.0.1'].includes(remoteAddress ?? '');
  return isOwn && forwarding.every((name) => headers[name] === undefined);
}

/** Set by proxies. */
const forwarding = ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip', 'via'];
