import { execFileSync } from 'node:child_process';
import { cpus, release, totalmem } from 'node:os';

/** What the figures were measured on. */
export function describeMachine(): Record<string, string | number> {
  const version = (program: string, ...args: string[]): string =>
    execFileSync(program, args, { encoding: 'utf8' }).trim().split('\n')[0] ?? '';
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    node: process.versions.node,
    engine: version('podman', '--version'),
  };
}
