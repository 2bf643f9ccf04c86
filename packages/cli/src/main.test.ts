import type { Command } from 'commander';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { main, program } from './main.ts';

let printed = '';

beforeEach(() => {
  printed = '';
  const take = (text: unknown): boolean => {
    printed += String(text);
    return true;
  };
  vi.spyOn(process.stdout, 'write').mockImplementation(take);
  vi.spyOn(process.stderr, 'write').mockImplementation(take);
  vi.spyOn(console, 'error').mockImplementation((text: unknown) => void take(`${String(text)}\n`));
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

/** All commands that do something, with the words that call them. */
function leaves(command: Command, words: string[] = []): { words: string[]; command: Command }[] {
  if (command.commands.length === 0) return [{ words, command }];
  return command.commands.flatMap((child) => leaves(child, [...words, child.name()]));
}

test.each(leaves(program()).map(({ words }) => words))('%s %s has help', async (...words) => {
  const called = words.filter((word) => word !== undefined);
  expect(await main([...called, '--help'])).toBe(0);
  expect(printed).toContain(`Usage: pgherd ${called.join(' ')}`);
});

test('every command that prints a result takes -o json', () => {
  const without = leaves(program())
    .filter(({ command }) => !command.options.some((option) => option.long === '--output'))
    .map(({ words }) => words.join(' '));
  // These run until they are stopped, and print their log.
  expect(without).toEqual(['local serve', 'operator run', 'operator fake-teams-api']);
});

test.each([
  [['nonsense']],
  [['local', 'nonsense']],
  [['list', '--nonsense']],
  [['list', '-o', 'table']],
  [['show']],
  [['local', 'up', '--timeout', 'soon']],
  [['operator', 'fake-teams-api']],
  [['operator', 'fake-teams-api', '--teams', '/nonexistent/teams.yaml']],
])('%j is wrong usage', async (argv) => expect(await main(argv)).toBe(64));

test('no command at all prints the help and is wrong usage', async () => {
  expect(await main([])).toBe(64);
  expect(printed).toContain('Usage: pgherd');
});

test('an instance that does not exist is not found', async () => {
  expect(await main(['local', 'kubeconfig', '--home', '/nonexistent/pgherd'])).toBe(3);
  expect(printed).toContain('pgherd local up');
});

test('a kubeconfig that does not exist is a failure that names it', async () => {
  expect(await main(['list', '--kubeconfig', '/nonexistent/kubeconfig'])).toBe(1);
  expect(printed).toContain('/nonexistent/kubeconfig');
});

test('deleting without giving the name again does nothing', async () => {
  // Not even a connection is needed to refuse it: standard input is no terminal here.
  expect(await main(['delete', 'acid-demo', '--timeout', 'x'])).toBe(64);
});
