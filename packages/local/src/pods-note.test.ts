import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readPodsNote, writePodsNote } from './pods-note.ts';

let home = '';
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'pgherd-note-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

test('only the note of the asked process counts', () => {
  expect(readPodsNote(home, 7)).toBeUndefined();
  writePodsNote(home, { pid: 7, problem: 'podman is not installed' });
  expect(readPodsNote(home, 7)).toEqual({ pid: 7, problem: 'podman is not installed' });
  expect(readPodsNote(home, 8)).toBeUndefined();
  writePodsNote(home, { pid: 7 });
  expect(readPodsNote(home, 7)).toEqual({ pid: 7 });
});

test('a broken file is no note', () => {
  writePodsNote(home, { pid: 7 });
  writeFileSync(join(home, 'run', 'pods.json'), '{');
  expect(readPodsNote(home, 7)).toBeUndefined();
});
