/**
 * Builds images of this folder: `node images/build.ts postgres operator`. Does nothing for an image that is there
 * already and was made from the same sources. Prints what it does, one line a step.
 *
 * The environment variable EXTENSIONS says which extensions the database image has (`extensionPackages`); an image with
 * others than the default ones has a tag of its own.
 */
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureBase } from './base.ts';
import { bundle } from './bundle.ts';
import { ContainerTool } from './container-tool.ts';
import { extensionPackages } from './postgres/extensions.ts';

const here = dirname(fileURLToPath(import.meta.url));
const commandLine = JSON.parse(readFileSync(join(here, '../packages/cli/package.json'), 'utf8')) as {
  version: string;
};

/** What an image is made of, besides the Dockerfile and the folders `scripts`, `pam` and `patroni` of its own folder. */
interface Image {
  tag: string;
  /** Debian's release, and its image in a registry. */
  suite: string;
  pulled: string;
  /** Programs that Node runs: name of the bundle in the build context, and what is bundled, relative to this folder. */
  programs: Record<string, string>;
  /** Build arguments of its Dockerfile. */
  arguments?: Record<string, string>;
}

const trixie = { suite: 'trixie', pulled: 'debian:trixie-slim' };

const postgresVersion = '17';

/** Tag of the database image: that of another choice of extensions never takes the place of the default one's. */
function postgresTag(packages: string[]): string {
  const name = `localhost/pgherd/postgres:${postgresVersion}`;
  if (packages.length === 0) return `${name}-bare`;
  return packages.join() === extensionPackages('', postgresVersion).join() ? name : `${name}-custom`;
}

/** The database image, with the extensions that EXTENSIONS names. */
function postgresImage(): Image {
  const packages = extensionPackages(process.env['EXTENSIONS'] ?? '', postgresVersion);
  return {
    ...trixie,
    tag: postgresTag(packages),
    programs: {
      'entrypoint.mjs': 'postgres/src/main.ts',
      'pam-check.mjs': 'postgres/src/pam/check.ts',
    },
    arguments: { PGVERSION: postgresVersion, EXTENSIONS: packages.join(' ') },
  };
}

/** What can be built. */
const images: Record<string, () => Image> = {
  postgres: postgresImage,
  operator: () => ({
    ...trixie,
    tag: `localhost/pgherd/operator:${commandLine.version}`,
    programs: { 'pgherd.mjs': '../packages/cli/src/main.ts' },
  }),
  pooler: () => ({
    ...trixie,
    tag: 'localhost/pgherd/pooler:1.24',
    programs: {},
  }),
};

const sourceLabel = 'pgherd.dev/source';

/** Hash of everything that goes into the image besides its base. */
function sourceHash(context: string, image: Image): string {
  const hash = createHash('sha256');
  const add = (path: string): void => {
    if (statSync(path).isDirectory()) {
      for (const name of readdirSync(path).sort()) add(join(path, name));
      return;
    }
    hash.update(path.slice(context.length)).update('\0').update(readFileSync(path)).update('\0');
  };
  add(context);
  hash.update(JSON.stringify(image.arguments ?? {}));
  return hash.digest('hex').slice(0, 20);
}

/** The build context in a temporary directory: Dockerfile, scripts, the bundles if there are any. */
async function makeContext(folder: string, image: Image, directory: string): Promise<void> {
  cpSync(join(here, folder, 'Dockerfile'), join(directory, 'Dockerfile'));
  for (const part of ['scripts', 'pam', 'patroni']) {
    const source = join(here, folder, part);
    if (existsSync(source)) cpSync(source, join(directory, part), { recursive: true });
  }
  for (const [name, entry] of Object.entries(image.programs)) {
    await bundle(join(here, entry), join(directory, name));
  }
}

async function buildImage(name: string): Promise<void> {
  const image = images[name]?.();
  if (image === undefined) {
    throw new Error(`no image "${name}": there are ${Object.keys(images).join(', ')}`);
  }
  const tool = ContainerTool.find();
  const context = mkdtempSync(join(tmpdir(), `pgherd-image-${name}-`));
  try {
    await makeContext(name, image, context);
    const hasPrograms = Object.keys(image.programs).length > 0;
    const node = hasPrograms ? `-${process.versions.node}` : '';
    const hash = `${sourceHash(context, image)}${node}`;
    if (tool.label(image.tag, sourceLabel) === hash) {
      console.log(`${image.tag} is up to date`);
      return;
    }
    const started = Date.now();
    const base = ensureBase(tool, image);
    if (hasPrograms) cpSync(process.execPath, join(context, 'node'));
    console.log(`building ${image.tag} on ${base}`);
    tool.build(context, {
      tag: image.tag,
      base,
      label: `${sourceLabel}=${hash}`,
      arguments: image.arguments,
    });
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
