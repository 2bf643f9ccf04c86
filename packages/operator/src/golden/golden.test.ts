import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import {
  declaredFile,
  goldenNames,
  objectsFile,
  renderGolden,
  schemaProblems,
  written,
  writtenDeclared,
} from './golden.ts';

/** After a wanted change: `node packages/operator/src/golden/write.ts`, and look at every difference. */
test.each(goldenNames())('%s', (name) => {
  const golden = renderGolden(name);
  const { objects } = golden;
  expect(written(objects)).toBe(readFileSync(objectsFile(name), 'utf8'));
  expect(writtenDeclared(golden)).toBe(readFileSync(declaredFile(name), 'utf8'));
  for (const object of objects) {
    expect({ [`${object.kind} ${object.metadata.name}`]: schemaProblems(object) }).toEqual({
      [`${object.kind} ${object.metadata.name}`]: [],
    });
  }
});

test('a misspelt field, a wrong type and a missing field are found', () => {
  const service = (spec: object) => ({ apiVersion: 'v1', kind: 'Service', metadata: { name: 'a' }, spec });
  expect(schemaProblems(service({ ports: [{ port: 1 }] }))).toEqual([]);
  expect(schemaProblems(service({ loadBalancerSourceRange: [] }))).toEqual([
    'unknown field "spec.loadBalancerSourceRange"',
  ]);
  expect(schemaProblems(service({ ports: [{ port: '1' }] }))).toEqual([
    expect.stringContaining('spec.ports[0].port'),
  ]);
  expect(schemaProblems(service({ ports: [{}] }))).toEqual([expect.stringContaining('spec.ports[0].port')]);
});
