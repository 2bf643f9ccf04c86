import { execFile } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { pauseProgram } from './pause-image.ts';

test('the sandbox program runs on this machine, sleeps, and uses no time', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'pgherd-pause-'));
  const file = join(directory, 'pause');
  writeFileSync(file, pauseProgram());
  chmodSync(file, 0o755);
  const child = execFile(file);
  try {
    await vi.waitFor(() => {
      const fields = readFileSync(`/proc/${child.pid}/stat`, 'utf8')
        .replace(/^.*\) /s, '')
        .split(' ');
      // State, and clock ticks in user mode.
      expect([fields[0], fields[11]]).toEqual(['S', '0']);
      expect(readFileSync(`/proc/${child.pid}/comm`, 'utf8')).toBe('pause\n');
    });
  } finally {
    child.kill('SIGKILL');
    rmSync(directory, { recursive: true });
  }
});

test.each(['x64', 'arm64'] as const)('is a small executable for %s', (architecture) => {
  const program = pauseProgram(architecture);
  expect(program.subarray(1, 4).toString()).toBe('ELF');
  expect(program.length).toBeLessThan(256);
});
