import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { HomeLockedError, lockHome, lockHomeWhenStopped, serverProcess } from './lock.ts';

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'pgherd-lock-'));
});
afterEach(() => rm(home, { recursive: true, force: true }));

/** A process that holds the lock until it is killed. */
async function holder(): Promise<{ pid: number; kill: () => Promise<void> }> {
  const script = `
    import { lockHome } from ${JSON.stringify(new URL('./lock.ts', import.meta.url).href)};
    lockHome(${JSON.stringify(home)});
    console.log('held');
    setInterval(() => {}, 1000);
  `;
  const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = new Promise<void>((done) => child.once('exit', () => done()));
  await Promise.race([
    new Promise<void>((done) => child.stdout.once('data', () => done())),
    exited.then(() => Promise.reject(new Error('the holder ended early'))),
  ]);
  return {
    pid: child.pid!,
    kill: () => {
      child.kill('SIGKILL');
      return exited;
    },
  };
}

test('is taken once, released, taken again', () => {
  const lock = lockHome(home);
  expect(() => lockHome(home)).toThrow(HomeLockedError);
  expect(serverProcess(home)?.pid).toBe(process.pid);
  lock.release();
  lock.release();
  expect(serverProcess(home)).toBeUndefined();
  lockHome(home).release();
});

test('another process is kept out until the holder dies, even by kill -9', async () => {
  const other = await holder();
  try {
    expect(() => lockHome(home)).toThrow(`process ${other.pid}`);
  } finally {
    await other.kill();
  }
  expect(serverProcess(home)).toBeUndefined();
  lockHome(home).release();
});

test('a note about a pid that was reused names nobody and holds nothing', async () => {
  const lock = lockHome(home);
  const note = JSON.parse(await readFile(join(home, 'server.json'), 'utf8')) as Record<string, string>;
  lock.release();
  for (const change of [{ startTime: '1' }, { bootId: 'another' }, { pid: -1 }, { pid: 2 ** 22 + 1 }]) {
    await writeFile(join(home, 'server.json'), JSON.stringify({ ...note, ...change }));
    expect(serverProcess(home)).toBeUndefined();
    lockHome(home).release();
  }
  await writeFile(join(home, 'server.json'), 'not json');
  expect(serverProcess(home)).toBeUndefined();
});

test('a holder that is stopping is waited for, one that serves is not', async () => {
  const first = lockHome(home);
  await expect(lockHomeWhenStopped(home, { timeoutMs: 60_000 })).rejects.toThrow(HomeLockedError);
  first.stopping();
  expect(serverProcess(home)).toMatchObject({ pid: process.pid, stopping: true });
  const second = lockHomeWhenStopped(home, { timeoutMs: 60_000 });
  first.release();
  (await second).release();
});

test('who only stops things says so from the beginning, and the wait for it has an end', async () => {
  const lock = await lockHomeWhenStopped(home, { timeoutMs: 0, stopping: true });
  expect(serverProcess(home)?.stopping).toBe(true);
  await expect(lockHomeWhenStopped(home, { timeoutMs: 0 })).rejects.toThrow(HomeLockedError);
  lock.release();
});
