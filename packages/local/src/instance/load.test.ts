import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { instanceId, loadOrCreateInstance, parseInstance } from './load.ts';
import { overlaps, parseCidr } from './subnets.ts';
import { addressRanges, networkRanges, routeRanges, usedNetworks } from './used-networks.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'pgherd-instance-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

test('is made once and stays the same', async () => {
  const first = await loadOrCreateInstance(join(directory, 'home'));
  expect(first.id).toMatch(/^[0-9a-f]{6}$/);
  expect(first.bridgeName.length).toBeLessThanOrEqual(13);
  for (const used of await usedNetworks()) {
    for (const chosen of [first.podSubnet, first.serviceSubnet]) {
      expect(overlaps(parseCidr(chosen), parseCidr(used)), `${chosen} ${used}`).toBe(false);
    }
  }
  expect(await loadOrCreateInstance(join(directory, 'home'))).toEqual(first);
  expect(await readdir(join(directory, 'home'))).toEqual(['instance.json']);
});

test('a link to the home is the same instance', async () => {
  const first = await loadOrCreateInstance(join(directory, 'home'));
  await symlink(join(directory, 'home'), join(directory, 'link'));
  expect(await loadOrCreateInstance(join(directory, 'link'))).toEqual(first);
});

test('a port that somebody listens on is not chosen', async () => {
  const { apiPort } = await loadOrCreateInstance(join(directory, 'home'));
  await rm(join(directory, 'home'), { recursive: true });
  const server = createServer();
  await new Promise<void>((done) => server.listen(apiPort, '127.0.0.1', done));
  try {
    expect((await loadOrCreateInstance(join(directory, 'home'))).apiPort).not.toBe(apiPort);
  } finally {
    server.close();
  }
});

test('networks of the container engine count as used', async () => {
  const { podSubnet } = await loadOrCreateInstance(join(directory, 'home'));
  await rm(join(directory, 'home'), { recursive: true });
  const engine = { request: <T>() => Promise.resolve([{ IPAM: { Config: [{ Subnet: podSubnet }] } }] as T) };
  expect((await loadOrCreateInstance(join(directory, 'home'), { engine })).podSubnet).not.toBe(podSubnet);
});

test.each([
  ['', /not valid JSON/],
  ['{"id":', /not valid JSON/],
  ['[]', /field id is missing/],
  ['null', /not a JSON object/],
])('a damaged file %j is an error and stays untouched', async (text, message) => {
  await writeFile(join(directory, 'instance.json'), text);
  await expect(loadOrCreateInstance(directory)).rejects.toThrow(message);
  expect(await readFile(join(directory, 'instance.json'), 'utf8')).toBe(text);
});

test('a copied home is an error, because two instances would share addresses', async () => {
  const first = await loadOrCreateInstance(join(directory, 'home'));
  const text = JSON.stringify(first);
  await loadOrCreateInstance(join(directory, 'copy'));
  await writeFile(join(directory, 'copy', 'instance.json'), text);
  await expect(loadOrCreateInstance(join(directory, 'copy'))).rejects.toThrow(/copied or moved/);
});

test('wrong fields are named', async () => {
  const good = await loadOrCreateInstance(join(directory, 'home'));
  const parse = (change: object): unknown =>
    parseInstance(JSON.stringify({ ...good, ...change }), 'f', good.id);
  expect(() => parse({ podSubnet: '10.1.2.0/99' })).toThrow(/podSubnet/);
  expect(() => parse({ apiPort: 70_000 })).toThrow(/apiPort/);
  expect(() => parse({ bridgeName: '' })).toThrow(/bridgeName/);
});

test('the id depends on the path only', () => {
  expect(instanceId('/a')).toBe(instanceId('/a'));
  expect(instanceId('/a')).not.toBe(instanceId('/b'));
});

test('routes, addresses and networks are read without default routes and without IPv6', () => {
  expect(
    routeRanges([{ dst: 'default' }, { dst: '10.1.0.0/16' }, { dst: '10.2.3.4' }, { dst: '0.0.0.0/0' }]),
  ).toEqual(['10.1.0.0/16', '10.2.3.4']);
  expect(addressRanges([{ addr_info: [{ family: 'inet', local: '10.1.2.3', prefixlen: 24 }] }, {}])).toEqual([
    '10.1.2.3/24',
  ]);
  expect(
    networkRanges([{ IPAM: { Config: [{ Subnet: 'fd00::/64' }, { Subnet: '10.9.0.0/16' }] } }, {}]),
  ).toEqual(['10.9.0.0/16']);
});
