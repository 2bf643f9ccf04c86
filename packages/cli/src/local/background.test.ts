import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { findBackground, startInBackground, stopBackground, type BackgroundProcess } from './background.ts';

let sleeper: BackgroundProcess;
const started: number[] = [];

beforeEach(() => {
  sleeper = { name: 'sleeper', home: mkdtempSync(join(tmpdir(), 'pgherd-background-')) };
});
afterEach(() => {
  for (const pid of started.splice(0)) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It ended.
    }
  }
  rmSync(sleeper.home, { recursive: true, force: true });
});

function start(script: string): number {
  const { pid } = startInBackground(sleeper, ['/bin/sh', '-c', script], {});
  started.push(pid);
  return pid;
}

const uptime = (): number => Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]);

test('stops the process and forgets it; without one there is nothing to stop', async () => {
  start('exec sleep 1000');
  expect(await stopBackground(sleeper, { timeoutMs: 10_000 })).toBe(true);
  expect(findBackground(sleeper)).toBeUndefined();
  expect(await stopBackground(sleeper, { timeoutMs: 10_000 })).toBe(false);
});

test('one that is started while the other still ends is not meant', async () => {
  start('trap "" TERM; sleep 1000');
  const stopped = stopBackground(sleeper, { timeoutMs: 60_000 });
  const asked = uptime();
  await vi.waitUntil(() => uptime() > asked + 0.02);
  const next = start('exec sleep 1000');
  expect(await stopped).toBe(true);
  expect(findBackground(sleeper)?.pid).toBe(next);
});
