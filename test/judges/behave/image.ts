import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ContainerTool } from '../../../images/container-tool.ts';
import { withDebianSuite } from '../../../scripts/debian-suite.ts';
import { projectRoot } from '../../support/instance.ts';

const base = 'localhost/pgherd/postgres:17';
const tag = 'localhost/pgherd-test-behave:17';
const label = 'pgherd.dev/source';
const here = join(projectRoot, 'test/judges/behave');

/** Patroni's sources as Debian's trixie ships them, fetched once. */
function fetchSource(): string {
  const path = join(projectRoot, '.cache/patroni.orig.tar.gz');
  if (existsSync(path)) return path;
  withDebianSuite('trixie', ({ directory, apt }) => {
    // A mirror may refuse the small .dsc, whose name has a tilde; the tarball is all that is needed.
    const { output } = apt('source', '--download-only', 'patroni');
    const file = readdirSync(directory).find((name) => name.endsWith('.orig.tar.gz'));
    if (file === undefined) throw new Error(`no source of patroni: ${output.slice(-2000)}`);
    mkdirSync(join(projectRoot, '.cache'), { recursive: true });
    copyFileSync(join(directory, file), path);
  });
  return path;
}

/** The image with Patroni's suite on the present database image; builds it if need be. */
export function ensureBehaveImage(tool: ContainerTool): string {
  if (!tool.exists(base)) throw new Error(`${base} is missing: node images/build.ts postgres`);
  const source = fetchSource();
  const hash = createHash('sha256').update(tool.label(base, label) ?? '');
  for (const name of ['Dockerfile', 'docker']) hash.update(readFileSync(join(here, name)));
  const wanted = hash.update(readFileSync(source)).digest('hex').slice(0, 20);
  if (tool.label(tag, label) === wanted) return tag;
  const context = mkdtempSync(join(tmpdir(), 'pgherd-behave-'));
  try {
    for (const name of ['Dockerfile', 'docker']) copyFileSync(join(here, name), join(context, name));
    copyFileSync(source, join(context, 'patroni.orig.tar.gz'));
    console.log(`building ${tag}`);
    tool.build(context, { tag, base, label: `${label}=${wanted}` });
    return tag;
  } finally {
    rmSync(context, { recursive: true, force: true });
  }
}
