import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { nthAddress, overlaps, parseCidr } from '@pgherd/local/instance';
import { type Network, resetNetwork, tableName } from '@pgherd/local/network';
import { endpoints, openLab, service, type Lab, type Pod } from './network-lab.ts';

const execute = promisify(execFile);
const soon = { timeout: 10_000, interval: 10 };
const labs: Lab[] = [];
const networks: Network[] = [];
const pods: Pod[] = [];

beforeAll(async () => {
  for (const name of ['left', 'right']) {
    const lab = await openLab(name);
    labs.push(lab);
    const network = await lab.start();
    networks.push(network);
    pods.push(await lab.pod(name, network));
  }
});
afterAll(async () => {
  for (const network of networks) await network.stop();
  for (const lab of labs) await lab.cleanup();
});

test('two instances on one machine share no address, port or name', () => {
  const [left, right] = labs.map(({ instance }) => instance) as [Lab['instance'], Lab['instance']];
  const ranges = [left.podSubnet, left.serviceSubnet, right.podSubnet, right.serviceSubnet].map(parseCidr);
  for (const [n, range] of ranges.entries()) {
    for (const other of ranges.slice(n + 1)) expect(overlaps(range, other)).toBe(false);
  }
  for (const name of ['id', 'apiPort', 'networkName', 'bridgeName', 'gateway'] as const) {
    expect(left[name]).not.toBe(right[name]);
  }
});

test('each has its own Services, and the end of one leaves the other alone', async () => {
  const addresses = labs.map(({ instance }) => nthAddress(instance.serviceSubnet, 10));
  for (const [n, lab] of labs.entries()) {
    lab.put('services', service('demo', addresses[n]!));
    lab.put('endpoints', endpoints('demo', pods[n]!.ip));
    await vi.waitFor(() => pods[n]!.firstLine(addresses[n]!, 80), soon);
  }
  expect(await pods[0]!.firstLine(addresses[0]!, 80)).toMatch(/^left /);
  expect(await pods[1]!.firstLine(addresses[1]!, 80, 'kept')).toMatch(/^right /);

  await networks[0]!.stop();
  await pods[0]!.stop();
  await resetNetwork(labs[0]!.instance, labs[0]!.engine);
  const tables = (await execute('nft', ['list', 'tables'])).stdout;
  expect(tables).not.toContain(tableName(labs[0]!.instance));
  expect(tables).toContain(tableName(labs[1]!.instance));
  expect(await pods[1]!.echo('kept', 'still here')).toBe('still here');
  expect(await pods[1]!.firstLine(addresses[1]!, 80)).toMatch(/^right /);
});
