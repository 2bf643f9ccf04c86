/**
 * Fetches kubectl of Debian releases into `.cache/kubectl-SUITE/kubectl`; nothing is installed:
 * `node scripts/fetch-kubectl.ts bookworm trixie`. Does nothing for those that are there.
 */
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readdirSync, renameSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { withDebianSuite } from './debian-suite.ts';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');

/** Where the program of a release is, fetched or not. */
export const kubectlPath = (suite: string): string => join(root, '.cache', `kubectl-${suite}`, 'kubectl');

/** Answers the path of the release's kubectl, fetched if need be. Throws when it cannot be had. */
export function fetchKubectl(suite: string): string {
  const path = kubectlPath(suite);
  if (existsSync(path)) return path;
  return withDebianSuite(suite, ({ directory, apt }) => {
    // The package's name up to bookworm is a transitional one without the program since.
    const named = apt('download', 'kubectl');
    const { output } = named.ok ? named : apt('download', 'kubernetes-client');
    const file = readdirSync(directory).find((name) => name.endsWith('.deb'));
    if (file === undefined)
      throw new Error(`${suite} has no package kubectl or kubernetes-client: ${output.slice(-2000)}`);
    const unpack = spawnSync('dpkg-deb', ['-x', file, 'unpacked'], { cwd: directory, encoding: 'utf8' });
    if (unpack.status !== 0) throw new Error(`dpkg-deb could not unpack ${file}: ${unpack.stderr}`);
    mkdirSync(dirname(path), { recursive: true });
    // In two steps, so that a broken-off copy is never taken for the program.
    copyFileSync(join(directory, 'unpacked/usr/bin/kubectl'), `${path}.new`);
    renameSync(`${path}.new`, path);
    return path;
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const suite of process.argv.slice(2)) console.log(fetchKubectl(suite));
}
