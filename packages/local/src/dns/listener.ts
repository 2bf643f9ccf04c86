import { createSocket } from 'node:dgram';
import { createServer, type Socket } from 'node:net';
import { frame } from './forward.ts';

/** Milliseconds after which a silent TCP connection is closed. */
const idle = 10_000;
/** TCP connections at once; further ones are closed. */
const maxConnections = 256;

/** Answers one message; `undefined`: say nothing. Never rejects. */
export type Responder = (message: Buffer, udp: boolean) => Promise<Buffer | undefined>;

/** A DNS server's two sockets. */
export interface Listener {
  port: number;
  close(): Promise<void>;
}

/** Listens on UDP and TCP of one address; port 0 takes a free one. Throws when it is in use. */
export async function listen(address: string, port: number, respond: Responder): Promise<Listener> {
  const tcp = createServer({ noDelay: true });
  tcp.maxConnections = maxConnections;
  const sockets = new Set<Socket>();
  tcp.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    serve(socket, respond);
  });
  await new Promise<void>((done, failed) => {
    tcp.once('error', failed);
    tcp.listen({ host: address, port }, () => {
      tcp.off('error', failed);
      done();
    });
  });
  tcp.on('error', () => {});
  const bound = (tcp.address() as { port: number }).port;

  const udp = createSocket('udp4');
  let closed = false;
  const serveUdp = async (message: Buffer, from: { port: number; address: string }): Promise<void> => {
    const reply = await respond(message, true);
    // Nobody waits for an answer that cannot be sent; the client asks again.
    if (reply !== undefined && !closed) udp.send(reply, from.port, from.address, () => {});
  };
  udp.on('message', (message, from) => void serveUdp(message, from));
  try {
    await new Promise<void>((done, failed) => {
      udp.once('error', failed);
      udp.bind({ address, port: bound, exclusive: true }, () => {
        udp.off('error', failed);
        done();
      });
    });
  } catch (error) {
    tcp.close();
    udp.close();
    throw error;
  }
  udp.on('error', () => {});

  return {
    port: bound,
    close: async () => {
      if (closed) return;
      closed = true;
      for (const socket of sockets) socket.destroy();
      await Promise.all([
        new Promise<void>((done) => udp.close(() => done())),
        new Promise<void>((done) => tcp.close(() => done())),
      ]);
    },
  };
}

function serve(socket: Socket, respond: Responder): void {
  let received = Buffer.alloc(0);
  const serveOne = async (message: Buffer): Promise<void> => {
    const reply = await respond(message, false);
    if (reply === undefined) socket.destroy();
    else if (socket.writable) socket.write(frame(reply));
  };
  socket.setTimeout(idle, () => socket.destroy());
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk: Buffer) => {
    received = Buffer.concat([received, chunk]);
    while (received.length >= 2 && received.length >= received.readUInt16BE(0) + 2) {
      const end = received.readUInt16BE(0) + 2;
      const message = received.subarray(2, end);
      received = received.subarray(end);
      void serveOne(message);
    }
  });
}
