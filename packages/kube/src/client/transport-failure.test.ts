import { expect, test } from 'vitest';
import { createClient } from './connect.ts';
import { TransportError } from './errors.ts';

test('a request that never connects leaves no timer that keeps the process alive', async () => {
  const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
  const client = createClient({
    // Port 1 of loopback: nothing listens there.
    server: new URL('https://127.0.0.1:1'),
    insecureSkipTlsVerify: true,
    credentials: { get: async () => ({ headers: {} }) },
    namespace: 'default',
    context: 'test',
  });
  const before = timers();
  await expect(client.raw('GET', '/version')).rejects.toThrow(TransportError);
  client.close();
  await expect.poll(timers).toBeLessThanOrEqual(before);
});
