import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { FileSystemError, growFileSystem, growFileSystemCommand } from './grow-file-system.ts';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'pgherd-grow-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function program(name: string, script: string): void {
  writeFileSync(join(directory, name), `#!/bin/sh\n${script}\n`);
  chmodSync(join(directory, name), 0o755);
}

/** What is called in a pod whose data volume has a file system of this kind. */
function called(kind: string): string {
  program(
    'df',
    `echo "Filesystem Type 1024-blocks Used Available Capacity Mounted on"; echo "/dev/nvme1n1 ${kind} 1 1 1 1% $2"`,
  );
  for (const tool of ['resize2fs', 'xfs_growfs'])
    program(tool, `echo ${tool} "$@" > ${join(directory, 'called')}`);
  const [shell = '', ...args] = growFileSystemCommand;
  execFileSync(shell, args, { env: { PATH: `${directory}:/usr/bin:/bin` }, stdio: 'pipe' });
  return readFileSync(join(directory, 'called'), 'utf8').trim();
}

test('the tool of the file system, on what the data volume is mounted from', () => {
  expect(called('ext4')).toBe('resize2fs /dev/nvme1n1');
  expect(called('ext3')).toBe('resize2fs /dev/nvme1n1');
  expect(called('xfs')).toBe('xfs_growfs /home/postgres/pgdata');
  expect(() => called('overlay')).toThrow('nobody knows how to grow a file system of the kind overlay');
});

test('a tool that fails is told in its last words', async () => {
  const exec = (exitCode: number, stderr: string) =>
    growFileSystem({ exec: async () => ({ exitCode, stdout: '', stderr }) }, 'default', 'acid-demo-0');
  await expect(exec(0, 'resize2fs 1.47.2')).resolves.toBeUndefined();
  await expect(
    exec(1, 'resize2fs 1.47.2\nopen: Permission denied while opening /dev/nvme1n1\n'),
  ).rejects.toThrow(new FileSystemError('acid-demo-0', 'open: Permission denied while opening /dev/nvme1n1'));
  await expect(exec(127, '')).rejects.toThrow('exit code 127');
});
