import { pods } from '@pgherd/kube/objects';
import { expect, test } from 'vitest';
import type { NodeProxy } from '../node/node-proxy.ts';
import { openRegistry } from '../registry/open-registry.ts';
import { routedProxy } from './routed-proxy.ts';

test('each request goes to the node of its pod; one that does not answer is told as Kubernetes tells it', async () => {
  const registry = openRegistry({ path: ':memory:' });
  const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default' } };
  registry.create({ group: '', version: 'v1', plural: 'serviceaccounts' }, 'default', account);
  for (const nodeName of ['a', 'b']) {
    registry.create(pods, 'default', {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: `on-${nodeName}` },
      spec: { nodeName, containers: [{ name: 'c', image: 'i' }] },
    });
  }
  const asked: string[] = [];
  const agent = {
    exec: (namespace: string, pod: string) => {
      asked.push(`${namespace}/${pod}`);
      return Promise.resolve(7);
    },
  } as unknown as NodeProxy;
  const proxy = routedProxy(registry, (name) => ({
    address: `of-${name}`,
    ...(name === 'b' ? {} : { agent }),
  }));
  const exec = (pod: string): Promise<number> =>
    proxy.exec('default', pod, { command: ['true'], tty: false, signal: AbortSignal.timeout(1000) });
  expect(await exec('on-a')).toBe(7);
  await expect(exec('on-b')).rejects.toThrow('error dialing backend: dial tcp of-b:10250: i/o timeout');
  expect(await exec('nowhere')).toBe(7);
  expect(asked).toEqual(['default/on-a', 'default/nowhere']);
  registry.close();
});
