import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The project's folder. */
export const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');

/** Contents by path, relative to the project's folder. */
export type GeneratedFiles = Record<string, string>;

function currentContent(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

/**
 * What every generator does with its result: writes the files that differ, or, with `--check` among `args`, only
 * names them. Returns the exit code: 1 when a check found a stale file.
 */
export function emit(files: GeneratedFiles, generator: string, args: string[]): number {
  const check = args.includes('--check');
  const stale = Object.entries(files).filter(
    ([path, content]) => currentContent(resolve(root, path)) !== content,
  );
  for (const [path, content] of stale) {
    if (check) {
      console.error(`${path} is stale: run \`node ${generator}\` and commit the result`);
      continue;
    }
    const target = resolve(root, path);
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, content);
    console.log(`wrote ${relative(root, target)}`);
  }
  return check && stale.length > 0 ? 1 : 0;
}
