import { spawn } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The checkout under test. */
export const projectRoot = resolve(dirname(fileURLToPath(import.meta.url)), '../..');

/** The command line, as a user runs it. */
export const pgherd = join(projectRoot, 'packages/cli/bin/pgherd');

/** How a program ended. */
export interface Finished {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs a program to its end. Never throws for an exit code. */
export function run(
  program: string,
  args: string[],
  options: { env?: Record<string, string>; input?: string; timeoutMs?: number } = {},
): Promise<Finished> {
  const { promise, resolve: done, reject } = Promise.withResolvers<Finished>();
  const child = spawn(program, args, {
    env: { ...process.env, ...options.env },
    stdio: ['pipe', 'pipe', 'pipe'],
    ...(options.timeoutMs === undefined
      ? {}
      : { timeout: options.timeoutMs, killSignal: 'SIGKILL' as const }),
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  child.stdin.on('error', () => {});
  child.stdin.end(options.input ?? '');
  child.once('error', reject);
  child.once('close', (code, signal) => done({ code: code ?? (signal === null ? 1 : 137), stdout, stderr }));
  return promise;
}

/** Home of the engine that a suite starts for itself. The name is fixed, so that a killed run's leftovers are found. */
export const suiteHome = (suite: string): string => join(tmpdir(), `pgherd-test-${suite}`);

/** Removes an instance with all that it left on the machine, whatever state it is in. */
export async function removeInstance(home: string): Promise<void> {
  if (!existsSync(home)) return;
  const { code, stderr } = await run(pgherd, ['local', 'reset', '--yes', '--home', home]);
  if (code !== 0) throw new Error(`cannot remove the leftovers in ${home}: ${stderr}`);
  const { stdout: loops } = await run('losetup', ['--list', '--noheadings', '--output', 'BACK-FILE']);
  if (loops.includes(`${home}/`)) throw new Error(`loop devices of ${home} were left behind: ${loops}`);
  rmSync(home, { recursive: true, force: true });
}

/** Starts an instance; answers the path of its kubeconfig. */
export async function startInstance(
  home: string,
  { operator, nodes = 1 }: { operator: boolean; nodes?: number },
): Promise<string> {
  const more = [...(operator ? [] : ['--no-operator']), ...(nodes > 1 ? ['--nodes', String(nodes)] : [])];
  const args = ['local', 'up', '--home', home, '-o', 'json', ...more];
  const { code, stdout, stderr } = await run(pgherd, args);
  if (code !== 0) throw new Error(`pgherd ${args.join(' ')} ended with ${code}: ${stderr}`);
  return (JSON.parse(stdout) as { kubeconfig: string }).kubeconfig;
}
