import { systemClock } from '@pgherd/kube/objects';
import { pino } from 'pino';
import { expect, test, vi } from 'vitest';
import { rulesWriter } from './rules-writer.ts';

const log = pino({ level: 'silent' });

test('many changes at once are one write', async () => {
  let writes = 0;
  const writer = rulesWriter(
    () => {
      writes++;
      return Promise.resolve();
    },
    systemClock,
    log,
  );
  for (let n = 0; n < 100; n++) writer.changed();
  await vi.waitFor(() => expect(writes).toBe(1));
  await writer.stop();
  expect(writes).toBe(1);
});

test('a change during a write is written afterwards, never at the same time', async () => {
  let state = 0;
  let kernel = 0;
  let atOnce = 0;
  const writer = rulesWriter(
    async () => {
      const read = state;
      expect(++atOnce).toBe(1);
      await new Promise((done) => setImmediate(done));
      atOnce--;
      kernel = read;
    },
    systemClock,
    log,
  );
  for (let n = 1; n <= 50; n++) {
    state = n;
    writer.changed();
    await new Promise((done) => setImmediate(done));
  }
  await vi.waitFor(() => expect(kernel).toBe(50));
  await writer.stop();
});

test('a failed write is tried again, and the caller of writeNow learns of it', async () => {
  let attempts = 0;
  const write = (): Promise<void> =>
    ++attempts === 1 ? Promise.reject(new Error('nft says no')) : Promise.resolve();
  const writer = rulesWriter(write, systemClock, log);
  await expect(writer.writeNow()).rejects.toThrow('nft says no');
  await vi.waitFor(() => expect(attempts).toBe(2), { timeout: 10_000 });
  await writer.stop();
});
