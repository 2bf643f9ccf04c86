import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Schema } from '@pgherd/kube/schema';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readManifests } from './manifest-file.ts';

const schema: Schema = {
  type: 'object',
  properties: {
    spec: {
      type: 'object',
      properties: { numberOfInstances: { type: 'integer', minimum: 0 } },
      required: ['numberOfInstances'],
    },
  },
  required: ['spec'],
};

let directory = '';
beforeEach(() => (directory = mkdtempSync(join(tmpdir(), 'pgherd-manifest-'))));
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function read(text: string) {
  const file = join(directory, 'manifest.yaml');
  writeFileSync(file, text);
  return readManifests(file, schema);
}

const head = 'apiVersion: acid.zalan.do/v1\nkind: postgresql\nmetadata: {name: a}\n';

test('all clusters of a file are read, other kinds are passed over', () => {
  const text = `${head}spec: {numberOfInstances: 1}\n---\nkind: Secret\n---\n---\n${head}spec: {numberOfInstances: 2}\n`;
  expect(read(text).map(({ manifest }) => manifest.spec.numberOfInstances)).toEqual([1, 2]);
  const [item] = read(
    JSON.stringify({
      kind: 'List',
      items: [
        {
          apiVersion: 'acid.zalan.do/v1',
          kind: 'postgresql',
          metadata: { name: 'b' },
          spec: { numberOfInstances: 3 },
        },
      ],
    }),
  );
  expect(item).toMatchObject({ manifest: { metadata: { name: 'b' } }, errors: [], warnings: [] });
});

test('what the API server would refuse or drop is said, with the field', () => {
  const [found] = read(`${head}spec: {numberOfInstances: -1, numberOfInstance: 3}\n`);
  expect(found?.errors).toEqual([expect.stringContaining('spec.numberOfInstances')]);
  expect(found?.warnings).toEqual(['unknown field "spec.numberOfInstance"']);
  expect(read(head)[0]?.errors).toEqual([expect.stringContaining('spec: Required value')]);
  const [nameless] = read('apiVersion: acid.zalan.do/v1\nkind: postgresql\nspec: {numberOfInstances: 1}\n');
  expect(nameless?.errors).toEqual(['metadata.name: Required value']);
});

test('a file that cannot be read, is no YAML, or has no cluster in it is named', () => {
  expect(() => readManifests(join(directory, 'missing'), schema)).toThrow(/cannot read .*missing/);
  expect(() => read('a: [')).toThrow(/manifest\.yaml: /);
  expect(() => read('kind: Secret\n')).toThrow(/no object with kind postgresql/);
});
