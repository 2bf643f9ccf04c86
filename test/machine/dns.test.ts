import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type DnsServer, startDns } from '@pgherd/local/dns';
import { nthAddress } from '@pgherd/local/instance';
import type { Network } from '@pgherd/local/network';
import { endpoints, openLab, service, type Lab, type Pod } from './network-lab.ts';

const execute = promisify(execFile);
const log = pino({ level: 'silent' });
let lab: Lab;
let network: Network;
let dns: DnsServer;
let pod: Pod;

beforeAll(async () => {
  lab = await openLab('dns');
  network = await lab.start();
  dns = await startDns({ registry: lab.registry, instance: lab.instance, log, upstream: [] });
  pod = await lab.pod('client', network);
});
afterAll(async () => {
  await dns?.stop();
  await network?.stop();
  await lab?.cleanup();
});

test('a pod finds a Service by name on port 53 of the gateway and reaches itself there', async () => {
  const address = nthAddress(lab.instance.serviceSubnet, 10);
  lab.put('services', service('demo', address));
  lab.put('endpoints', endpoints('demo', pod.ip));
  expect(await pod.resolve(lab.instance.gateway, 'demo.default.svc.cluster.local', 'A')).toEqual([address]);
  await vi.waitFor(() => pod.firstLine(address, 80), { timeout: 10_000 });
  await expect(
    pod.resolve(lab.instance.gateway, 'demo.default.svc.cluster.local', 'AAAA'),
  ).rejects.toMatchObject({
    code: 'ENODATA',
  });
});

test('the server can be reached through a Service, as in other clusters', async () => {
  const address = nthAddress(lab.instance.serviceSubnet, 20);
  const ports = [{ name: 'dns', port: 53, protocol: 'UDP' }];
  lab.put('services', service('kube-dns', address, { ports }));
  lab.put('endpoints', {
    metadata: { namespace: 'default', name: 'kube-dns' },
    subsets: [
      { addresses: [{ ip: lab.instance.gateway }], ports: [{ name: 'dns', port: 53, protocol: 'UDP' }] },
    ],
  });
  await vi.waitFor(
    async () =>
      expect(await pod.resolve(address, 'kube-dns.default.svc.cluster.local', 'A')).toEqual([address]),
    { timeout: 10_000 },
  );
});

test('only the gateway’s address is taken', async () => {
  const { stdout } = await execute('ss', ['-Hlntup', 'sport', '=', ':53']);
  const ours = stdout.split('\n').filter((line) => line.includes(`pid=${process.pid},`));
  expect(ours).toHaveLength(2);
  for (const line of ours) expect(line).toContain(` ${lab.instance.gateway}:53 `);
  await expect(
    startDns({ registry: lab.registry, instance: lab.instance, log, upstream: [] }),
  ).rejects.toThrow(`${lab.instance.gateway} port 53`);
});
