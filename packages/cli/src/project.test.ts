import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { nodeProblem } from './project.ts';

test.each([
  ['20.20.2', true],
  ['24.14.9', true],
  ['24.15.0', false],
  ['24.21.0', false],
  ['26.0.0', false],
])('Node %s is too old: %s', (version, old) => expect(nodeProblem(version) !== undefined).toBe(old));

test('the command keeps its compiled code, in the place that somebody names or in .cache', () => {
  const directory = mkdtempSync(join(tmpdir(), 'pgherd-compiled-'));
  const command = fileURLToPath(new URL('../bin/pgherd', import.meta.url));
  const root = fileURLToPath(new URL('../../../', import.meta.url));
  const { NODE_COMPILE_CACHE: _, ...env } = process.env;
  try {
    execFileSync(command, ['--version'], { env: { ...env, NODE_COMPILE_CACHE: directory } });
    expect(readdirSync(directory)).not.toEqual([]);
    execFileSync(command, ['--version'], { env });
    expect(readdirSync(join(root, '.cache', 'compiled'))).not.toEqual([]);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});
