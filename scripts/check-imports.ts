/**
 * Package imports go only the way the design says. Exits 1 and names file, line and import otherwise.
 * Also: a package may import another only through its `exports`, never by a relative path.
 */
import { globSync, readFileSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');

/** Folder → what it may import of `@pgherd/*`. A trailing subpath narrows the permission to it. */
const allowed: Record<string, string[]> = {
  'packages/kube': [],
  'packages/api': [],
  'packages/patroni': [],
  'packages/postgres': [],
  'packages/teams': [],
  'packages/operator': ['api', 'kube', 'patroni', 'postgres', 'teams'],
  'packages/local': ['kube/certificates', 'kube/objects', 'kube/schema', 'kube/patch', 'kube/queue'],
  'packages/cli': ['operator', 'local', 'api', 'kube', 'patroni', 'postgres', 'teams'],
  images: [],
  scripts: ['api', 'kube', 'local', 'operator'],
  test: ['operator', 'local', 'api', 'kube', 'patroni', 'postgres', 'teams', 'cli'],
  bench: ['operator', 'local', 'api', 'kube', 'patroni', 'postgres', 'cli'],
};

/** Tooling that is no package: these folders may also import from the others by path. */
const tooling: Record<string, string[]> = {
  scripts: ['images'],
  test: ['images', 'scripts'],
  bench: ['images', 'test/support'],
};

const importPattern = /(?:from|import)\s*\(?\s*'([^']+)'/g;

/** The rule's folder that `file` belongs to, or undefined when the design does not know it. */
function folderOf(file: string): string | undefined {
  return Object.keys(allowed).find((folder) => file.startsWith(folder + '/'));
}

function problemsOf(file: string): string[] {
  const folder = folderOf(file);
  if (folder === undefined) return [];
  const permitted = allowed[folder] ?? [];
  const own = folder.startsWith('packages/') ? file.split('/').slice(0, 2).join('/') : folder;
  const problems: string[] = [];
  readFileSync(resolve(root, file), 'utf8')
    .split('\n')
    .forEach((line, index) => {
      for (const [, target = ''] of line.matchAll(importPattern)) {
        const where = `${file}:${index + 1}: import '${target}'`;
        if (target.startsWith('.')) {
          const path = relative(root, resolve(root, dirname(file), target));
          const reachable = [own, ...(tooling[folder] ?? [])];
          if (!reachable.some((base) => path.startsWith(base + '/'))) problems.push(`${where} leaves ${own}`);
        } else if (target.startsWith('@pgherd/')) {
          const name = target.slice('@pgherd/'.length);
          const ok = permitted.some((p) => name === p || name.startsWith(p + '/'));
          if (!ok)
            problems.push(`${where} is not allowed there (allowed: ${permitted.join(', ') || 'none'})`);
        }
      }
    });
  return problems;
}

const files = globSync('{packages,images,scripts,test,bench}/**/*.ts', {
  cwd: root,
  exclude: (name) => name.includes('node_modules'),
});
const problems = files.flatMap(problemsOf);
for (const problem of problems) console.error(problem);
console.log(`imports: ${files.length} files, ${problems.length} problems`);
process.exit(problems.length > 0 ? 1 : 0);
