import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { connect, isIPv6 } from 'node:net';

/** Milliseconds until the next server is asked. */
const attemptTimeout = 2_000;
/** How often each server is asked. */
const rounds = 2;

/** A name server: an address, or an address with port (`127.0.0.1:5353`, `[::1]:5353`). */
export interface Upstream {
  host: string;
  port: number;
}

/** Reads `address`, `address:port` or `[address]:port`. */
export function parseUpstream(text: string): Upstream {
  const bracketed = /^\[(.+)\](?::(\d+))?$/.exec(text);
  if (bracketed) return { host: bracketed[1]!, port: Number(bracketed[2] ?? 53) };
  const [host = '', port, ...rest] = text.split(':');
  return rest.length > 0 ? { host: text, port: 53 } : { host, port: Number(port ?? 53) };
}

/**
 * Sends a client's question on and answers what the first server says, with the question's own id; `undefined`
 * when none answers. Bytes pass as they are, except for a fresh random id.
 */
export async function forward(
  message: Buffer,
  servers: readonly string[],
  tcp: boolean,
): Promise<Buffer | undefined> {
  const upstreams = servers.map(parseUpstream);
  for (let round = 0; round < rounds; round++) {
    for (const upstream of upstreams) {
      const sent = Buffer.from(message);
      sent.writeUInt16BE(randomInt(65_536), 0);
      try {
        const reply = await (tcp ? askTcp : askUdp)(sent, upstream);
        const result = Buffer.from(reply);
        message.copy(result, 0, 0, 2);
        return result;
      } catch {
        // The next one.
      }
    }
  }
  return undefined;
}

function belongsTo(reply: Buffer, sent: Buffer): boolean {
  return reply.length >= 12 && reply.readUInt16BE(0) === sent.readUInt16BE(0) && (reply[2]! & 0x80) !== 0;
}

function askUdp(sent: Buffer, { host, port }: Upstream): Promise<Buffer> {
  return new Promise((done, failed) => {
    // A socket of its own: another random port for each question, and only that server's packets reach it.
    const socket = createSocket(isIPv6(host.split('%')[0]!) ? 'udp6' : 'udp4');
    const finish = (error: Error | undefined, reply?: Buffer): void => {
      clearTimeout(timer);
      socket.removeAllListeners();
      socket.on('error', () => {});
      socket.close();
      if (reply) done(reply);
      else failed(error ?? new Error('no answer'));
    };
    const timer = setTimeout(() => finish(new Error('no answer in time')), attemptTimeout);
    socket.on('error', (error) => finish(error));
    socket.on('message', (reply) => {
      if (belongsTo(reply, sent)) finish(undefined, reply);
    });
    socket.on('connect', () => socket.send(sent));
    socket.connect(port, host);
  });
}

function askTcp(sent: Buffer, { host, port }: Upstream): Promise<Buffer> {
  return new Promise((done, failed) => {
    const socket = connect({ host, port });
    let received = Buffer.alloc(0);
    const finish = (error: Error | undefined, reply?: Buffer): void => {
      socket.destroy();
      if (reply) done(reply);
      else failed(error ?? new Error('no answer'));
    };
    socket.setTimeout(attemptTimeout, () => finish(new Error('no answer in time')));
    socket.on('error', (error) => finish(error));
    socket.on('close', () => finish(new Error('closed without an answer')));
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      if (received.length < 2 || received.length < received.readUInt16BE(0) + 2) return;
      const reply = received.subarray(2, received.readUInt16BE(0) + 2);
      if (belongsTo(reply, sent)) finish(undefined, reply);
      else finish(new Error('an answer to something else'));
    });
    socket.on('connect', () => socket.write(frame(sent)));
  });
}

/** A message with its length before it, as TCP carries it. */
export function frame(message: Buffer): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(message.length);
  return Buffer.concat([length, message]);
}
