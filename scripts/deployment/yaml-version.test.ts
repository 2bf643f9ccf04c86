import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { root } from '../generated-file.ts';

/** Everything that kubectl and Helm read as it is. */
const files = ['manifests', 'charts/pgherd/crds', 'charts/pgherd/files', 'charts/pgherd/values.yaml'].flatMap(
  (path) =>
    path.endsWith('.yaml')
      ? [path]
      : readdirSync(join(root, path), { recursive: true, encoding: 'utf8' })
          .filter((name) => name.endsWith('.yaml'))
          .map((name) => `${path}/${name}`),
);

test.each(files)('%s means the same in YAML 1.1, which kubectl and Helm read', (file) => {
  const text = readFileSync(join(root, file), 'utf8');
  const parsed = (version: '1.1' | '1.2') =>
    parseAllDocuments(text, { version }).map((document): unknown => document.toJSON());
  expect(parsed('1.1')).toEqual(parsed('1.2'));
});
