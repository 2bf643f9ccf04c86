import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import commandLine from '../package.json' with { type: 'json' };

/** Version of the command line, of the operator and of its image. */
export const version: string = commandLine.version;

/** Where this checkout (or installed package) is; `manifests/` lies below it. */
export const projectRoot = resolve(dirname(fileURLToPath(import.meta.url)), '../../..');

/** Oldest Node that runs pgherd: type stripping, `node:sqlite` and `process.execve` without flags. */
export const oldestNode = '24.15.0';

/** One sentence when this Node is too old, else undefined. */
export function nodeProblem(version: string): string | undefined {
  const [have = [], need = []] = [version, oldestNode].map((text) => text.split('.').map(Number));
  const order =
    need.map((part, index) => (have[index] ?? 0) - part).find((difference) => difference !== 0) ?? 0;
  return order < 0
    ? `pgherd needs Node ${oldestNode} or newer, this is ${version}: run \`make deps\``
    : undefined;
}
