import * as packet from 'dns-packet';
import { createSocket } from 'node:dgram';
import { Resolver } from 'node:dns/promises';
import { connect } from 'node:net';
import { pino } from 'pino';
import { afterEach, expect, test } from 'vitest';
import { memorySource } from '../registry/memory-source.ts';
import { startDns } from './dns.ts';
import { forward, frame, parseUpstream } from './forward.ts';
import { listen } from './listener.ts';
import { parseResolvConf } from './resolv-conf.ts';

const instance = { gateway: '10.213.7.1', podSubnet: '10.213.7.0/24', serviceSubnet: '10.214.7.0/24' };
const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

/** A server that knows example.org and nothing else. */
async function upstreamServer(): Promise<string> {
  const listener = await listen('127.0.0.1', 0, (message, udp) => {
    const { id, questions } = packet.decode(message);
    const question = questions![0]!;
    const known = question.name.toLowerCase() === 'www.example.org' && question.type === 'A';
    const large = question.name === 'large.example.org';
    return Promise.resolve(
      packet.encode({
        type: 'response',
        id: id!,
        flags:
          packet.RECURSION_AVAILABLE | (large && udp ? packet.TRUNCATED_RESPONSE : known || large ? 0 : 3),
        questions: questions!,
        answers: known
          ? [{ type: 'A', name: question.name, ttl: 60, data: '192.0.2.53' }]
          : large && !udp
            ? Array.from(
                { length: 100 },
                (_, n) => ({ type: 'A', name: question.name, data: `192.0.2.${n}` }) as const,
              )
            : [],
      }),
    );
  });
  cleanups.push(() => listener.close());
  return `127.0.0.1:${listener.port}`;
}

async function server(
  upstream: string[],
): Promise<{ resolver: Resolver; port: number; source: ReturnType<typeof memorySource> }> {
  const source = memorySource();
  const dns = await startDns({
    registry: source,
    instance,
    log: pino({ level: 'silent' }),
    upstream,
    listenOn: { address: '127.0.0.1', port: 0 },
  });
  cleanups.push(() => dns.stop());
  const resolver = new Resolver({ timeout: 10_000, tries: 1 });
  resolver.setServers([`127.0.0.1:${dns.port}`]);
  return { resolver, port: dns.port, source };
}

test('names follow the objects', async () => {
  const { resolver, source } = await server([]);
  await expect(resolver.resolve4('a.default.svc.cluster.local')).rejects.toMatchObject({ code: 'ENOTFOUND' });
  source.put('services', {
    metadata: { namespace: 'default', name: 'a' },
    spec: { clusterIP: '10.214.7.5' },
  });
  expect(await resolver.resolve4('a.default.svc.cluster.local')).toEqual(['10.214.7.5']);
  await expect(resolver.resolve6('a.default.svc.cluster.local')).rejects.toMatchObject({ code: 'ENODATA' });
  expect(await resolver.reverse('10.214.7.5')).toEqual(['a.default.svc.cluster.local']);
  source.remove('services', 'default', 'a');
  await expect(resolver.resolve4('a.default.svc.cluster.local')).rejects.toMatchObject({ code: 'ENOTFOUND' });
});

test('other names go upstream, errors and long answers too', async () => {
  const { resolver } = await server([await upstreamServer()]);
  expect(await resolver.resolve4('www.example.org')).toEqual(['192.0.2.53']);
  await expect(resolver.resolve4('absent.example.org')).rejects.toMatchObject({ code: 'ENOTFOUND' });
  expect(await resolver.resolve4('large.example.org')).toHaveLength(100);
});

test('an ExternalName is answered with the address behind it', async () => {
  const { resolver, source } = await server([await upstreamServer()]);
  const spec = { type: 'ExternalName', externalName: 'www.example.org' };
  source.put('services', { metadata: { namespace: 'default', name: 'out' }, spec });
  expect(await resolver.resolve4('out.default.svc.cluster.local')).toEqual(['192.0.2.53']);
  expect(await resolver.resolveCname('out.default.svc.cluster.local')).toEqual(['www.example.org']);
});

test('nobody upstream is a failure at once, not a wait', async () => {
  const { resolver } = await server([]);
  await expect(resolver.resolve4('www.example.org')).rejects.toMatchObject({ code: 'ESERVFAIL' });
});

test('a dead upstream server is passed over', async () => {
  const closed = createSocket('udp4');
  await new Promise<void>((done) => closed.bind(0, '127.0.0.1', done));
  const { port } = closed.address();
  await new Promise<void>((done) => closed.close(() => done()));
  const { resolver } = await server([`127.0.0.1:${port}`, await upstreamServer()]);
  expect(await resolver.resolve4('www.example.org')).toEqual(['192.0.2.53']);
});

test('a server that forwards to itself fails instead of looping for ever', async () => {
  const first = await listen('127.0.0.1', 0, (message, udp) =>
    forward(message, [`127.0.0.1:${second.port}`], !udp),
  );
  cleanups.push(() => first.close());
  const second = await server([`127.0.0.1:${first.port}`]);
  await expect(second.resolver.resolve4('www.example.org')).rejects.toMatchObject({
    code: expect.stringMatching(/ESERVFAIL|ETIMEOUT/) as string,
  });
  second.source.put('services', {
    metadata: { namespace: 'default', name: 'a' },
    spec: { clusterIP: '10.214.7.5' },
  });
  expect(await second.resolver.resolve4('a.default.svc.cluster.local')).toEqual(['10.214.7.5']);
});

test('several questions in one TCP stream, in pieces, after rubbish on UDP', async () => {
  const { port, source } = await server([]);
  source.put('services', {
    metadata: { namespace: 'default', name: 'a' },
    spec: { clusterIP: '10.214.7.5' },
  });
  const udp = createSocket('udp4');
  for (const rubbish of [Buffer.alloc(0), Buffer.alloc(5), Buffer.alloc(12, 1), Buffer.alloc(1200, 0xc0)]) {
    await new Promise((done) => udp.send(rubbish, port, '127.0.0.1', done));
  }
  udp.close();
  const ask = (id: number): Buffer =>
    frame(
      packet.encode({ type: 'query', id, questions: [{ type: 'A', name: 'a.default.svc.cluster.local' }] }),
    );
  const bytes = Buffer.concat([ask(1), ask(2), ask(3)]);
  const socket = connect(port, '127.0.0.1');
  const ids = new Promise<Set<number>>((done, failed) => {
    let received = Buffer.alloc(0);
    const seen = new Set<number>();
    socket.on('error', failed);
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      while (received.length >= 2 && received.length >= received.readUInt16BE(0) + 2) {
        const end = received.readUInt16BE(0) + 2;
        seen.add(packet.decode(received.subarray(2, end)).id!);
        received = received.subarray(end);
      }
      if (seen.size === 3) done(seen);
    });
  });
  for (const byte of bytes) socket.write(Buffer.from([byte]));
  expect(await ids).toEqual(new Set([1, 2, 3]));
  socket.destroy();
});

test('a port in use is an error that names it', async () => {
  const { port } = await server([]);
  await expect(
    startDns({
      registry: memorySource(),
      instance,
      log: pino({ level: 'silent' }),
      listenOn: { address: '127.0.0.1', port },
    }),
  ).rejects.toThrow(`127.0.0.1 port ${port}`);
});

test('resolv.conf and upstream addresses', () => {
  expect(
    parseResolvConf(
      '# c\nnameserver 10.0.0.1\n search x\nnameserver\tfd00::1\nnameserver bad\nnameserver fe80::1%eth0\nnameserver 10.0.0.4',
    ),
  ).toEqual(['10.0.0.1', 'fd00::1', 'fe80::1%eth0']);
  expect(parseUpstream('10.0.0.1')).toEqual({ host: '10.0.0.1', port: 53 });
  expect(parseUpstream('10.0.0.1:5353')).toEqual({ host: '10.0.0.1', port: 5353 });
  expect(parseUpstream('fd00::1')).toEqual({ host: 'fd00::1', port: 53 });
  expect(parseUpstream('[fd00::1]:5353')).toEqual({ host: 'fd00::1', port: 5353 });
});
