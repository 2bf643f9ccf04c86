import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { LateNodeProxy } from './late-node-proxy.ts';
import type { NodeProxy } from './node-proxy.ts';

const agent: NodeProxy = {
  async *logs() {
    yield Buffer.from('a line\n');
  },
  exec: () => Promise.resolve(7),
  attach: () => Promise.resolve(),
  connect: () => Promise.resolve(new PassThrough()),
};
const options = { container: 'main', command: ['true'], tty: false, signal: AbortSignal.timeout(60_000) };

async function read(chunks: AsyncIterable<Buffer>): Promise<string> {
  let text = '';
  for await (const chunk of chunks) text += chunk.toString();
  return text;
}

test('requests wait for the agent, and go on as soon as it is there', async () => {
  const proxy = new LateNodeProxy();
  const code = proxy.exec('default', 'pod', options);
  const log = read(proxy.logs('default', 'pod', { container: 'main' }, options.signal));
  proxy.set(agent);
  expect(await code).toBe(7);
  expect(await log).toBe('a line\n');
});

test('a request that comes too early is refused by a rejected promise, never by an exception', async () => {
  const refused = new LateNodeProxy(1).exec('default', 'pod', options);
  await expect(refused).rejects.toMatchObject({ code: 503, message: /is starting/ });
});

test('a machine that cannot run pods says why; one that can after all is used', async () => {
  const proxy = new LateNodeProxy();
  proxy.fail('podman is not installed');
  await expect(proxy.exec('default', 'pod', options)).rejects.toThrow(/podman is not installed/);
  proxy.set(agent);
  expect(await proxy.exec('default', 'pod', options)).toBe(7);
});
