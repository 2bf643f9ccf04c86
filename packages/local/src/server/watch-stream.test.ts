import type { IncomingMessage } from 'node:http';
import { createInterface } from 'node:readline';
import type { KubeObject } from '@pgherd/kube/objects';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestServer, type TestServer } from './test-server.ts';

const configMaps = { group: '', version: 'v1', plural: 'configmaps' };
const path = '/api/v1/namespaces/default/configmaps';
let server: TestServer;

beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

/** Events that are too many for a client which reads none, even after the buffers on the way are full. */
const count = 6500;

/** One event of several kilobytes for each. */
function write(events: number): void {
  const { registry } = server;
  const merge = 'application/merge-patch+json';
  for (let i = 0; i < events; i++) {
    const data = { text: 'x'.repeat(8000), i: String(i) };
    registry.patch(configMaps, 'default', 'busy', merge, { data });
  }
}

test('a client that does not read is let go, goes on where it was, and is told everything', async () => {
  const { metadata } = server.registry.create(configMaps, 'default', { metadata: { name: 'busy' } });
  const query = `watch=1&resourceVersion=${metadata.resourceVersion}`;
  const idle = await server.open(`${path}?${query}`);
  idle.on('error', () => {});
  const gone = new Promise((resolve) => idle.on('close', resolve));
  write(count);
  // Nothing of it is read before the server has let go: another watch is through with everything by then.
  const lines = await firstLines(await server.open(`${path}?${query}`), count);
  idle.resume();
  await gone;
  expect(idle.complete).toBe(false);

  // More than any buffer holds waited from the start, and all of it came.
  const last = JSON.parse(lines.at(-1) ?? '') as { object: KubeObject };
  expect(lines).toHaveLength(count);
  expect(last.object['data']).toMatchObject({ i: String(count - 1) });
}, 60_000);

/** Reads a watch until it has told so many events, and leaves it. */
async function firstLines(watch: IncomingMessage, wanted: number): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of createInterface({ input: watch })) {
    lines.push(line);
    if (lines.length === wanted) break;
  }
  watch.destroy();
  return lines;
}
