// Runs inside a pod's network namespace: a server that says who called, and a client that does as it is told.
import { createSocket } from 'node:dgram';
import { Resolver } from 'node:dns/promises';
import { connect, createServer, type Socket } from 'node:net';

const name = process.argv[2] ?? '';
const serve = (address: string | undefined): string => `${name} ${address}`;

const sockets = new Map<string, Socket>();
const send = (message: object): void => void process.send?.(message);
const timedOut = (): Error => Object.assign(new Error('timeout'), { code: 'timeout' });
createServer((socket) => {
  socket.on('error', () => {});
  socket.write(`${serve(socket.remoteAddress)}\n`);
  // Echo afterwards, for connections that stay.
  socket.on('data', (data) => socket.write(data));
}).listen(8080, '0.0.0.0', ready);

const udp = createSocket('udp4');
let received = 0;
udp.on('message', (_, from) => {
  received++;
  udp.send(serve(from.address), from.port, from.address);
});
udp.bind(8053, '0.0.0.0', ready);

let waiting = 2;
function ready(): void {
  if (--waiting === 0) send({ ready: true });
}

function firstLine(host: string, port: number, keep?: string): Promise<string> {
  return new Promise((done, failed) => {
    const socket = connect({ host, port });
    socket.setTimeout(10_000, () => failed(timedOut()));
    socket.once('error', failed);
    socket.once('data', (data) => {
      socket.setTimeout(0);
      if (keep) sockets.set(keep, socket);
      else socket.destroy();
      done(data.toString().trim());
    });
  });
}

function echo(keep: string, text: string): Promise<string> {
  return new Promise((done, failed) => {
    const socket = sockets.get(keep)!;
    socket.once('error', failed);
    socket.once('data', (data) => done(data.toString()));
    socket.write(text);
  });
}

function datagram(host: string, port: number, timeoutMs: number): Promise<string> {
  return new Promise((done, failed) => {
    const socket = createSocket('udp4');
    const timer = setTimeout(() => finish(() => failed(timedOut())), timeoutMs);
    const finish = (act: () => void): void => {
      clearTimeout(timer);
      socket.close();
      act();
    };
    socket.once('error', (error) => finish(() => failed(error)));
    socket.once('message', (data) => finish(() => done(data.toString())));
    socket.connect(port, host, () => socket.send('?'));
  });
}

function resolve(server: string, host: string, type: string): Promise<unknown> {
  const resolver = new Resolver({ timeout: 10_000, tries: 1 });
  resolver.setServers([server]);
  return resolver.resolve(host, type);
}

const actions: Record<string, (...args: never[]) => Promise<unknown>> = {
  firstLine,
  echo,
  datagram,
  received: () => Promise.resolve(received),
  resolve,
};

async function act({ id, action, args }: { id: number; action: string; args: never[] }): Promise<void> {
  try {
    send({ id, value: await actions[action]!(...args) });
  } catch (error) {
    send({ id, code: (error as NodeJS.ErrnoException).code ?? String(error) });
  }
}
process.on('message', (message) => void act(message as Parameters<typeof act>[0]));
process.on('disconnect', () => process.exit());
