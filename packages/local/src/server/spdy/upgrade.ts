import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { ApiError } from '@pgherd/kube/objects';

const header = 'X-Stream-Protocol-Version';

/**
 * Switches the connection to SPDY/3.1, with the protocol that runs on it.
 *
 * @throws ApiError 403 when the client does not offer it: the API server's answer then.
 */
export function upgradeToSpdy(request: IncomingMessage, socket: Duplex, protocol: string): void {
  const value = request.headers[header.toLowerCase()] ?? '';
  const offered = String(value)
    .split(',')
    .map((each) => each.trim());
  if (!offered.includes(protocol)) {
    const what = `unable to upgrade: unable to negotiate protocol: client supports [${offered.join(' ')}], server accepts [${protocol}]`;
    throw new ApiError(403, 'Forbidden', what);
  }
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n${header}: ${protocol}\r\n\r\n`,
  );
}
