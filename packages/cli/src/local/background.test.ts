import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { findBackground, startInBackground, stopBackground, type BackgroundProcess } from './background.ts';

let process_: BackgroundProcess;
const started: number[] = [];

beforeEach(() => {
  process_ = { name: 'sleeper', home: mkdtempSync(join(tmpdir(), 'pgherd-background-')) };
});
afterEach(() => {
  for (const pid of started.splice(0)) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It ended.
    }
  }
  rmSync(process_.home, { recursive: true, force: true });
});

function start(script: string): number {
  const { pid } = startInBackground(process_, ['/bin/sh', '-c', script], {});
  started.push(pid);
  return pid;
}

const uptime = (): number => Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]);

test('stops the process and forgets it; without one there is nothing to stop', async () => {
  start('exec sleep 1000');
  expect(await stopBackground(process_, { timeoutMs: 10_000 })).toBe(true);
  expect(findBackground(process_)).toBeUndefined();
  expect(await stopBackground(process_, { timeoutMs: 10_000 })).toBe(false);
});

test('one that is started while the other still ends is not meant', async () => {
  start('trap "" TERM; sleep 1000');
  const stopped = stopBackground(process_, { timeoutMs: 60_000 });
  const asked = uptime();
  await vi.waitUntil(() => uptime() > asked + 0.02);
  const next = start('exec sleep 1000');
  expect(await stopped).toBe(true);
  expect(findBackground(process_)?.pid).toBe(next);
});
