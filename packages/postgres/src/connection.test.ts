import { type AddressInfo, type Server, type Socket, createServer } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { connect } from './connection.ts';

const servers: { server: Server; sockets: Socket[] }[] = [];
afterEach(() => {
  for (const { server, sockets } of servers.splice(0)) {
    for (const socket of sockets) socket.destroy();
    server.close();
  }
});

/** Something that listens where PostgreSQL should be. Answers what it was sent. */
async function standIn(answer: (sent: Buffer, socket: Socket) => void) {
  const received: Buffer[] = [];
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => {
      received.push(chunk);
      answer(chunk, socket);
    });
  });
  servers.push({ server, sockets });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  const options = { host: '127.0.0.1', port, user: 'u', password: 'top-secret', database: 'd' };
  return { options, received };
}

test('a server that asks for the password in clear text does not get it', async () => {
  // AuthenticationCleartextPassword: type R, length 8, method 3.
  const request = Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 3]);
  const { options, received } = await standIn((_sent, socket) => socket.write(request));
  await expect(connect({ ...options, tls: 'off' })).rejects.toThrow('in clear text');
  expect(Buffer.concat(received).includes('top-secret')).toBe(false);
});

test('without TLS on the other side nothing is sent, unless it is switched off', async () => {
  const { options, received } = await standIn((_sent, socket) => socket.write('N'));
  await expect(connect(options)).rejects.toMatchObject({ name: 'PostgresError', connectionLost: true });
  expect(Buffer.concat(received)).toHaveLength(8);
});

test('silence ends after the time limit and can be tried again', async () => {
  const { options } = await standIn(() => undefined);
  await expect(connect({ ...options, connectTimeoutMs: 50 })).rejects.toMatchObject({ transient: true });
});
