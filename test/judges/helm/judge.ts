import { createHash } from 'node:crypto';
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { arch } from 'node:os';
import { join } from 'node:path';
import { withDebianSuite } from '../../../scripts/debian-suite.ts';
import { projectRoot } from '../../support/instance.ts';

/** What is rendered. */
export interface Rendering {
  release: string;
  namespace: string;
  /** YAML, as in a file for `--values`. */
  values?: string;
  /** Numbers as newer versions of Helm hand them to templates. */
  exactNumbers?: boolean;
}

/** Templates of a chart as Helm would render them, by file name. Throws what Helm would say when it refuses. */
export type Judge = (chart: string, rendering: Rendering) => Record<string, string>;

const here = join(projectRoot, 'test/judges/helm');
const suite = 'trixie';
const libraries = [
  'golang-github-masterminds-sprig-dev',
  'golang-github-xeipuuv-gojsonschema-dev',
  'golang-k8s-sigs-yaml-dev',
];
const compiler = 'golang-1.24-go';

/**
 * The program in `main.go`, built once and kept in `.cache`: with the machine's Go, or else Debian's, and Debian's
 * libraries, which are unpacked beside the machine's own and forgotten afterwards. Throws when they cannot be had.
 */
export function helmJudge(): Judge {
  const hash = createHash('sha256')
    .update(readFileSync(join(here, 'main.go')))
    .digest('hex')
    .slice(0, 16);
  const program = join(projectRoot, '.cache/helm-judge', `${arch()}-${hash}`);
  if (!existsSync(program)) build(program);
  return (chart, { release, namespace, values = '', exactNumbers = false }) => {
    const input = JSON.stringify({ chart, release, namespace, values, exactNumbers });
    const { stdout, stderr, status } = spawnSync(program, { input, encoding: 'utf8', maxBuffer: 1 << 26 });
    if (status !== 0) throw new Error(`the judge ended with ${status}: ${stderr}`);
    const { files, error } = JSON.parse(stdout) as { files?: Record<string, string>; error?: string };
    if (files === undefined) throw new Error(error);
    return files;
  };
}

function build(program: string): void {
  const directory = `${program}.build`;
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  try {
    const installed = checked('sh', ['-c', 'command -v go || true'], directory).trim();
    unpack([...libraries, ...(installed === '' ? [compiler] : [])], directory);
    const go = installed === '' ? join(directory, 'usr/lib/go-1.24/bin/go') : installed;
    // Paths that end with /v3 are only understood in a directory below GOPATH that says that it is a module.
    const source = join(directory, 'usr/share/gocode/src/judge');
    mkdirSync(source);
    cpSync(join(here, 'main.go'), join(source, 'main.go'));
    writeFileSync(join(source, 'go.mod'), 'module judge\n');
    checked(go, ['build', '-o', program, '.'], source, {
      ...(installed === '' ? { GOROOT: join(directory, 'usr/lib/go-1.24') } : {}),
      GOPATH: join(directory, 'usr/share/gocode'),
      GOCACHE: join(directory, 'cache'),
      GO111MODULE: 'off',
      GOFLAGS: '',
      GOTOOLCHAIN: 'local',
      CGO_ENABLED: '0',
    });
  } finally {
    checked('chmod', ['-R', 'u+w', directory], '/');
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Unpacks Debian's packages with all that they depend on into a directory. */
function unpack(packages: string[], target: string): void {
  withDebianSuite(suite, ({ directory, apt }) => {
    mkdirSync(join(directory, 'partial'), { recursive: true });
    const archives = `Dir::Cache::archives=${directory}`;
    const { ok, output } = apt(
      'install',
      '-y',
      '--no-install-recommends',
      '--download-only',
      '-o',
      archives,
      ...packages,
    );
    if (!ok) throw new Error(`apt-get could not fetch ${packages.join(', ')}:\n${output.slice(-2000)}`);
    for (const file of readdirSync(directory).filter((name) => name.endsWith('.deb'))) {
      checked('dpkg-deb', ['-x', join(directory, file), target], directory);
    }
  });
}

function checked(program: string, args: string[], cwd: string, env: Record<string, string> = {}): string {
  const result = spawnSync(program, args, { cwd, env: { ...process.env, ...env }, encoding: 'utf8' });
  if (result.status !== 0)
    throw new Error(`${program} ${args.join(' ')} failed: ${result.stderr ?? String(result.error)}`);
  return result.stdout;
}
