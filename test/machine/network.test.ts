import { execFile } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { connect, createServer, type Server } from 'node:net';
import { promisify } from 'node:util';
import { systemClock, type Clock } from '@pgherd/kube/objects';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { findProgram } from '@pgherd/local/engine';
import { nthAddress } from '@pgherd/local/instance';
import { type Network, resetNetwork, tableName } from '@pgherd/local/network';
import { endpoints, openLab, service, type Lab, type Pod } from './network-lab.ts';

const execute = promisify(execFile);
const soon = { timeout: 10_000, interval: 10 };
let lab: Lab;
let network: Network;
let a: Pod;
let b: Pod;

beforeAll(async () => {
  lab = await openLab('one');
  network = await lab.start();
  a = await lab.pod('a', network);
  b = await lab.pod('b', network);
});
afterAll(async () => {
  await network?.stop();
  await lab?.cleanup();
});

/** The `n`th cluster IP. */
const clusterIp = (n: number): string => nthAddress(lab.instance.serviceSubnet, n);

/** What a server says first to a connection from the host. */
function firstLine(host: string, port: number): Promise<string> {
  return new Promise((done, failed) => {
    const socket = connect({ host, port });
    socket.setTimeout(10_000, () => failed(new Error('timeout')));
    socket.once('error', failed);
    socket.once('data', (data) => {
      socket.destroy();
      done(data.toString().trim());
    });
  });
}

describe('a node port', () => {
  const spec = { type: 'NodePort', ports: [{ name: 'tcp', port: 80, nodePort: 30080 }] };
  const node = (): string => lab.instance.gateway;

  test("host and pods reach the endpoints at the node's address, and nobody at 127.0.0.1", async () => {
    lab.put('services', service('open', clusterIp(30), spec));
    lab.put('endpoints', endpoints('open', a.ip));
    await vi.waitFor(() => firstLine(node(), 30080), soon);
    expect(await firstLine(node(), 30080)).toBe(`a ${node()}`);
    expect(await b.firstLine(node(), 30080)).toBe(`a ${b.ip}`);
    await expect(firstLine('127.0.0.1', 30080)).rejects.toThrow('ECONNREFUSED');
  });

  test('without endpoints it is refused', async () => {
    lab.put('services', service('open', clusterIp(30), spec));
    lab.put('endpoints', endpoints('open'));
    await vi.waitFor(() => expect(firstLine(node(), 30080)).rejects.toThrow('ECONNREFUSED'), soon);
    await expect(b.firstLine(node(), 30080)).rejects.toThrow(/refused/i);
  });
});

describe('one endpoint', () => {
  beforeAll(async () => {
    lab.put('services', service('one', clusterIp(10)));
    lab.put('endpoints', endpoints('one', a.ip));
    await vi.waitFor(() => firstLine(clusterIp(10), 80), soon);
  });

  test('host to Service: the pod sees the gateway', async () => {
    expect(await firstLine(clusterIp(10), 80)).toBe(`a ${lab.instance.gateway}`);
  });

  test('pod to another pod through the Service: the client’s address is kept', async () => {
    expect(await b.firstLine(clusterIp(10), 80)).toBe(`a ${b.ip}`);
  });

  test('pod to itself through the Service', async () => {
    expect(await a.firstLine(clusterIp(10), 80)).toBe(`a ${lab.instance.gateway}`);
  });

  test('an established connection survives that its endpoint is gone, new ones go to the new endpoint', async () => {
    expect(await b.firstLine(clusterIp(10), 80, 'kept')).toBe(`a ${b.ip}`);
    lab.put('endpoints', endpoints('one', b.ip));
    await vi.waitFor(async () => expect(await firstLine(clusterIp(10), 80)).toMatch(/^b /), soon);
    expect(await b.echo('kept', 'still here')).toBe('still here');
    lab.put('endpoints', endpoints('one', a.ip));
    await vi.waitFor(async () => expect(await firstLine(clusterIp(10), 80)).toMatch(/^a /), soon);
  });
});

test.each(['no endpoints', 'unknown address'])(
  '%s: refused at once, from the host and from a pod',
  async (what) => {
    const address = clusterIp(what === 'no endpoints' ? 11 : 99);
    lab.put('services', service('nobody', clusterIp(11)));
    lab.put('endpoints', endpoints('nobody'));
    await expect(firstLine(address, 80)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await expect(b.firstLine(address, 80)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await expect(b.datagram(address, 80)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  },
);

test('two endpoints: both are used; with client affinity one client stays with one', async () => {
  lab.put('services', service('both', clusterIp(12)));
  lab.put('services', service('sticky', clusterIp(13), { sessionAffinity: 'ClientIP' }));
  for (const name of ['both', 'sticky']) lab.put('endpoints', endpoints(name, a.ip, b.ip));
  await vi.waitFor(() => firstLine(clusterIp(13), 80), soon);
  const seen = async (address: string): Promise<Set<string>> =>
    new Set(await Promise.all(Array.from({ length: 40 }, () => firstLine(address, 80))));
  expect((await seen(clusterIp(12))).size).toBe(2);
  expect((await seen(clusterIp(13))).size).toBe(1);
});

test('several ports of one Service, UDP too', async () => {
  const ports = [
    { name: 'tcp', port: 5432 },
    { name: 'udp', port: 5432, protocol: 'UDP' },
  ];
  lab.put('services', service('ports', clusterIp(14), { ports }));
  lab.put('endpoints', endpoints('ports', a.ip));
  await vi.waitFor(() => firstLine(clusterIp(14), 5432), soon);
  expect(await b.datagram(clusterIp(14), 5432)).toBe(`a ${b.ip}`);
  const socket = createSocket('udp4');
  const answer = new Promise<string>((done) => socket.once('message', (data) => done(data.toString())));
  socket.send('?', 5432, clusterIp(14));
  expect(await answer).toBe(`a ${lab.instance.gateway}`);
  socket.close();
});

test.skipIf(findProgram('conntrack') === undefined)(
  'a UDP client that keeps its socket goes over to the new endpoint',
  async () => {
    lab.put(
      'services',
      service('udp', clusterIp(16), { ports: [{ name: 'udp', port: 53, protocol: 'UDP' }] }),
    );
    lab.put('endpoints', endpoints('udp', a.ip));
    const socket = createSocket('udp4');
    try {
      let last = '';
      socket.on('message', (data) => (last = data.toString()));
      // Refusals while the first rules are on their way.
      socket.on('error', () => {});
      const talksTo = (name: string): Promise<void> =>
        vi.waitFor(() => {
          socket.send('?', 53, clusterIp(16));
          expect(last).toMatch(new RegExp(`^${name} `));
        }, soon);
      await talksTo('a');
      lab.put('endpoints', endpoints('udp', b.ip));
      await talksTo('b');
    } finally {
      socket.close();
    }
  },
);

describe('a server on the gateway', () => {
  let server: Server;
  beforeAll(async () => {
    server = createServer((socket) => socket.end(`api ${socket.remoteAddress}\n`));
    await new Promise<void>((done) => server.listen(lab.instance.apiPort, lab.instance.gateway, done));
    await vi.waitFor(() => firstLine(lab.instance.kubernetesServiceIp, 443), soon);
  });
  afterAll(() => server.close());

  test('is reached by its cluster IP from pods and from the host', async () => {
    expect(await a.firstLine(lab.instance.kubernetesServiceIp, 443)).toBe(`api ${a.ip}`);
    expect(await firstLine(lab.instance.kubernetesServiceIp, 443)).toMatch(/^api /);
  });

  test('keeps its address when the last pod ends', async () => {
    await a.stop();
    await b.stop();
    expect(await firstLine(lab.instance.gateway, lab.instance.apiPort)).toMatch(/^api /);
    expect(await firstLine(lab.instance.kubernetesServiceIp, 443)).toMatch(/^api /);
    a = await lab.pod('a2', network);
    b = await lab.pod('b2', network);
    expect(await a.firstLine(lab.instance.kubernetesServiceIp, 443)).toBe(`api ${a.ip}`);
  });
});

test('Services go on while no server runs, and a new one takes over what it finds', async () => {
  lab.put('services', service('survivor', clusterIp(15)));
  lab.put('endpoints', endpoints('survivor', a.ip));
  await vi.waitFor(() => firstLine(clusterIp(15), 80), soon);
  await network.stop();
  expect(await firstLine(clusterIp(15), 80)).toMatch(/^a2 /);
  expect(await b.firstLine(clusterIp(15), 80, 'kept')).toMatch(/^a2 /);
  lab.put('endpoints', endpoints('survivor', b.ip));
  network = await lab.start();
  expect(await firstLine(clusterIp(15), 80)).toMatch(/^b2 /);
  expect(await b.echo('kept', 'still here')).toBe('still here');
});

/** The interval between two looks is 30 seconds; this clock has none. */
const impatient: Clock = {
  now: () => systemClock.now(),
  after: (ms, fn) => systemClock.after(Math.min(ms, 100), fn),
};

test('a table and a bridge that somebody removed are made again', async () => {
  await network.stop();
  network = await lab.start(impatient);
  lab.put('endpoints', endpoints('survivor', a.ip));
  await execute('nft', ['delete', 'table', 'ip', tableName(lab.instance)]);
  await vi.waitFor(async () => expect(await firstLine(clusterIp(15), 80)).toMatch(/^a2 /), soon);
  await execute('ip', ['route', 'delete', lab.instance.serviceSubnet]);
  await vi.waitFor(async () => expect(await firstLine(clusterIp(15), 80)).toMatch(/^a2 /), soon);
});

test('reset removes everything of this instance and nothing else', async () => {
  await network.stop();
  await a.stop();
  await b.stop();
  const foreign = `pgherd_test_foreign_${lab.instance.id}`;
  await execute('nft', ['add', 'table', 'ip', foreign]);
  try {
    await resetNetwork(lab.instance, lab.engine);
    await resetNetwork(lab.instance, lab.engine);
    const tables = (await execute('nft', ['list', 'tables'])).stdout;
    expect(tables).toContain(foreign);
    expect(tables).not.toContain(tableName(lab.instance));
    expect((await execute('ip', ['-brief', 'link'])).stdout).not.toContain(lab.instance.bridgeName);
    expect((await execute('ip', ['route'])).stdout).not.toContain(lab.instance.serviceSubnet);
    await expect(lab.engine.request('GET', `/networks/${lab.instance.networkName}`)).rejects.toMatchObject({
      code: 404,
    });
  } finally {
    await execute('nft', ['delete', 'table', 'ip', foreign]);
  }
});

test('a network that somebody removed from the engine is made again', async () => {
  network = await lab.start(impatient);
  const known = `/networks/${lab.instance.networkName}`;
  await lab.engine.request('DELETE', known);
  await vi.waitFor(async () => expect(await lab.engine.request('GET', known)).toBeDefined(), soon);
});
