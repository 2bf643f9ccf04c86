/**
 * Builds images of this folder: `node images/build.ts postgres operator`. Does nothing for an image that is there
 * already and was made from the same sources. Prints what it does, one line a step.
 */
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { ensureBase } from './base.ts';
import { ContainerTool } from './container-tool.ts';

const here = dirname(fileURLToPath(import.meta.url));
const commandLine = JSON.parse(readFileSync(join(here, '../packages/cli/package.json'), 'utf8')) as {
  version: string;
};

/** What an image is made of, besides the Dockerfile and the folder `scripts` of its own folder. */
interface Image {
  tag: string;
  /** Debian's release, and its image in a registry. */
  suite: string;
  pulled: string;
  /** A program that Node runs: what is bundled, relative to this folder, and the bundle's name in the build context. */
  program?: { entry: string; bundle: string };
}

const trixie = { suite: 'trixie', pulled: 'debian:trixie-slim' };

/** What can be built. */
const images: Record<string, Image> = {
  postgres: {
    ...trixie,
    tag: 'localhost/pgherd/postgres:17',
    program: { entry: 'postgres/src/main.ts', bundle: 'entrypoint.mjs' },
  },
  operator: {
    ...trixie,
    tag: `localhost/pgherd/operator:${commandLine.version}`,
    program: { entry: '../packages/cli/src/main.ts', bundle: 'pgherd.mjs' },
  },
  pooler: {
    ...trixie,
    tag: 'localhost/pgherd/pooler:1.24',
  },
};

const sourceLabel = 'pgherd.dev/source';

/** Hash of everything that goes into the image besides its base. */
function sourceHash(context: string): string {
  const hash = createHash('sha256');
  const add = (path: string): void => {
    if (statSync(path).isDirectory()) {
      for (const name of readdirSync(path).sort()) add(join(path, name));
      return;
    }
    hash.update(path.slice(context.length)).update('\0').update(readFileSync(path)).update('\0');
  };
  add(context);
  return hash.digest('hex').slice(0, 20);
}

/** The build context in a temporary directory: Dockerfile, scripts, the bundle if there is one. */
async function makeContext(name: string, image: Image, directory: string): Promise<void> {
  cpSync(join(here, name, 'Dockerfile'), join(directory, 'Dockerfile'));
  const scripts = join(here, name, 'scripts');
  if (existsSync(scripts)) cpSync(scripts, join(directory, 'scripts'), { recursive: true });
  if (image.program === undefined) return;
  await build({
    entryPoints: [join(here, image.program.entry)],
    outfile: join(directory, image.program.bundle),
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    // Some packages are CommonJS inside: their bundle asks for `require`.
    banner: { js: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);" },
    logLevel: 'warning',
  });
}

async function buildImage(name: string): Promise<void> {
  const image = images[name];
  if (image === undefined) {
    throw new Error(`no image "${name}": there are ${Object.keys(images).join(', ')}`);
  }
  const tool = ContainerTool.find();
  const context = mkdtempSync(join(tmpdir(), `pgherd-image-${name}-`));
  try {
    await makeContext(name, image, context);
    const node = image.program === undefined ? '' : `-${process.versions.node}`;
    const hash = `${sourceHash(context)}${node}`;
    if (tool.label(image.tag, sourceLabel) === hash) {
      console.log(`${image.tag} is up to date`);
      return;
    }
    const started = Date.now();
    const base = ensureBase(tool, image);
    if (image.program !== undefined) cpSync(process.execPath, join(context, 'node'));
    console.log(`building ${image.tag} on ${base}`);
    tool.build(context, { tag: image.tag, base, label: `${sourceLabel}=${hash}` });
    const seconds = Math.round((Date.now() - started) / 1000);
    console.log(`${image.tag}: ${Math.round(tool.size(image.tag) / 1e6)} MB, built in ${seconds} s`);
  } finally {
    rmSync(context, { recursive: true, force: true });
  }
}

const names = process.argv.slice(2);
if (names.length === 0) {
  console.error(`usage: node images/build.ts NAME... (${Object.keys(images).join(', ')})`);
  process.exit(64);
}
try {
  for (const name of names) await buildImage(name);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}
