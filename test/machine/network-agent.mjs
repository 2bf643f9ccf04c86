// Runs inside a pod's network namespace: a server that says who called, and a client that does as it is told.
import { createSocket } from 'node:dgram';
import { Resolver } from 'node:dns/promises';
import { connect, createServer } from 'node:net';

const name = process.argv[2];
const serve = (address) => `${name} ${address}`;

const sockets = new Map();
createServer((socket) => {
  socket.on('error', () => {});
  socket.write(`${serve(socket.remoteAddress)}\n`);
  // Echo afterwards, for connections that stay.
  socket.on('data', (data) => socket.write(data));
}).listen(8080, '0.0.0.0', ready);

const udp = createSocket('udp4');
udp.on('message', (_, from) => udp.send(serve(from.address), from.port, from.address));
udp.bind(8053, '0.0.0.0', ready);

let waiting = 2;
function ready() {
  if (--waiting === 0) process.send({ ready: true });
}

function firstLine(host, port, keep) {
  return new Promise((done, failed) => {
    const socket = connect({ host, port });
    socket.setTimeout(10_000, () => failed(Object.assign(new Error('timeout'), { code: 'timeout' })));
    socket.once('error', failed);
    socket.once('data', (data) => {
      socket.setTimeout(0);
      if (keep) sockets.set(keep, socket);
      else socket.destroy();
      done(data.toString().trim());
    });
  });
}

function echo(keep, text) {
  return new Promise((done, failed) => {
    const socket = sockets.get(keep);
    socket.once('error', failed);
    socket.once('data', (data) => done(data.toString()));
    socket.write(text);
  });
}

function datagram(host, port) {
  return new Promise((done, failed) => {
    const socket = createSocket('udp4');
    const timer = setTimeout(() => failed(Object.assign(new Error('timeout'), { code: 'timeout' })), 10_000);
    const finish = (act) => {
      clearTimeout(timer);
      socket.close();
      act();
    };
    socket.once('error', (error) => finish(() => failed(error)));
    socket.once('message', (data) => finish(() => done(data.toString())));
    socket.connect(port, host, () => socket.send('?'));
  });
}

async function resolve(server, host, type) {
  const resolver = new Resolver({ timeout: 10_000, tries: 1 });
  resolver.setServers([server]);
  return resolver.resolve(host, type);
}

const actions = { firstLine, echo, datagram, resolve };
process.on('message', async ({ id, action, args }) => {
  try {
    process.send({ id, value: await actions[action](...args) });
  } catch (error) {
    process.send({ id, code: error.code ?? String(error) });
  }
});
process.on('disconnect', () => process.exit());
