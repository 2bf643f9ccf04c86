import { createSocket } from 'node:dgram';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { nthAddress, placesOf } from '@pgherd/local/instance';
import { addProbeAddress, type Cuts, type Network, probeAddress } from '@pgherd/local/network';
import { endpoints, openLab, service, type Lab, type Pod } from './network-lab.ts';

const soon = { timeout: 10_000, interval: 10 };
/** Long enough for a datagram on one machine, however busy; what is lost is waited for in vain. */
const PATIENCE_MS = 1_000;
let lab: Lab;
let network: Network;
let one: Pod;
let two: Pod;
let cuts: Cuts = {};

beforeAll(async () => {
  lab = await openLab('nodes', { nodes: 2 });
  network = await lab.start(undefined, (name) => (name === second().name ? cuts : {}));
  one = await lab.pod('one', network);
  two = await lab.pod('two', network, second());
});
afterAll(async () => {
  await network?.stop();
  await lab?.cleanup();
});
beforeEach(() => cut({}));

const second = (): ReturnType<typeof placesOf>[number] => placesOf(lab.instance)[1]!;
async function cut(next: Cuts): Promise<void> {
  cuts = next;
  await network.nodesChanged();
}
/** Whether an answer comes back. */
const answers = (from: Pod, to: Pod): Promise<boolean> =>
  from.datagram(to.ip, 8053, PATIENCE_MS).then(
    () => true,
    () => false,
  );
/** Whether a datagram of this machine reaches the pod, and the answer this machine. */
function answersMachine(to: Pod, from?: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createSocket('udp4');
    const end = (answer: boolean): void => {
      clearTimeout(timer);
      socket.close();
      resolve(answer);
    };
    const timer = setTimeout(() => end(false), PATIENCE_MS);
    socket.once('message', () => end(true));
    socket.once('error', () => end(false));
    socket.bind(0, from, () => socket.send('?', 8053, to.ip));
  });
}

test('pods of different nodes see the addresses of each other, also through Services', async () => {
  expect(await one.firstLine(two.ip, 8080)).toBe(`two ${one.ip}`);
  expect(await two.firstLine(one.ip, 8080)).toBe(`one ${two.ip}`);
  const clusterIp = nthAddress(lab.instance.serviceSubnet, 10);
  lab.put('services', service('across', clusterIp));
  lab.put('endpoints', endpoints('across', one.ip));
  await vi.waitFor(async () => expect(await two.firstLine(clusterIp, 80)).toBe(`one ${two.ip}`), soon);
  // A pod that reaches itself sees the gateway of its own node.
  await vi.waitFor(
    async () => expect(await one.firstLine(clusterIp, 80)).toBe(`one ${lab.instance.gateway}`),
    soon,
  );
});

test('cut in one direction, packets of the other one arrive', async () => {
  await cut({ pods: 'in' });
  let before = await one.received();
  expect([await answers(two, one), await one.received()]).toEqual([false, before + 1]);
  before = await two.received();
  expect([await answers(one, two), await two.received()]).toEqual([false, before]);

  await cut({ pods: 'out' });
  before = await one.received();
  expect([await answers(two, one), await one.received()]).toEqual([false, before]);
  before = await two.received();
  expect([await answers(one, two), await two.received()]).toEqual([false, before + 1]);

  expect(await answersMachine(two)).toBe(true);
  await cut({});
  expect(await answers(two, one)).toBe(true);
});

test('a connection that exists is cut too, and goes on when the cut ends', async () => {
  await one.firstLine(two.ip, 8080, 'kept');
  await cut({ all: 'both' });
  let answered = false;
  const echo = one.echo('kept', 'through').then((text) => {
    answered = true;
    return text;
  });
  expect(await answers(one, two)).toBe(false);
  expect(answered).toBe(false);
  await cut({});
  expect(await echo).toBe('through');
});

test('cut off from clients: this machine reaches no pod there, but the agent does', async () => {
  await addProbeAddress(second(), probeAddress(second().index));
  await cut({ clients: 'both' });
  expect(await answersMachine(two)).toBe(false);
  expect(await answersMachine(one)).toBe(true);
  expect(await answersMachine(two, probeAddress(second().index))).toBe(true);
  expect(await answers(one, two)).toBe(true);
  await cut({ all: 'both' });
  expect(await answersMachine(two, probeAddress(second().index))).toBe(true);
  expect(await answers(one, two)).toBe(false);
});

test('cut off from the API server, a node keeps the Services that it knew', async () => {
  const clusterIp = nthAddress(lab.instance.serviceSubnet, 11);
  lab.put('services', service('moving', clusterIp));
  lab.put('endpoints', endpoints('moving', one.ip));
  const via = async (pod: Pod): Promise<string> => (await pod.firstLine(clusterIp, 80)).split(' ')[0] ?? '';
  await vi.waitFor(async () => expect(await via(two)).toBe('one'), soon);
  await cut({ api: 'both' });
  lab.put('endpoints', endpoints('moving', two.ip));
  await vi.waitFor(async () => expect(await via(one)).toBe('two'), soon);
  expect(await via(two)).toBe('one');
  await cut({});
  expect(await via(two)).toBe('two');
});
