import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { main } from '../main.ts';
import { projectRoot } from '../project.ts';

let printed = '';

beforeEach(() => {
  printed = '';
  vi.spyOn(console, 'log').mockImplementation((line: string) => {
    printed += `${line}\n`;
  });
  for (const name of ['WATCHED_NAMESPACE', 'CONFIG_MAP_NAME', 'POSTGRES_OPERATOR_CONFIGURATION_OBJECT']) {
    vi.stubEnv(name, undefined);
  }
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

test('the manifest of the project is what is printed for its Deployment, to the letter', async () => {
  vi.stubEnv('POSTGRES_OPERATOR_CONFIGURATION_OBJECT', 'postgresql-operator-default-configuration');
  expect(await main(['operator', 'rbac', '--namespace', '*'])).toBe(0);
  expect(printed).toBe(
    readFileSync(resolve(projectRoot, 'manifests/operator-service-account-rbac.yaml'), 'utf8'),
  );
});

test('the environment counts, and all formats say the same', async () => {
  vi.stubEnv('WATCHED_NAMESPACE', 'a,b');
  vi.stubEnv('CONFIG_MAP_NAME', 'mine');
  const rbac = ['operator', 'rbac', '--operator-namespace', 'ops', '--service-account', 'pg'];
  expect(await main(rbac)).toBe(0);
  const objects = parseAllDocuments(printed).map((document) => document.toJS() as { metadata: object });
  expect(objects.map(({ metadata }) => metadata)).toMatchObject([
    { name: 'pg', namespace: 'ops' },
    { name: 'pg', namespace: 'a' },
    { name: 'pg', namespace: 'a' },
    { name: 'pg', namespace: 'b' },
    { name: 'pg', namespace: 'b' },
    { name: 'pg', namespace: 'ops' },
    { name: 'pg', namespace: 'ops' },
    { name: 'postgres-pod' },
  ]);
  expect(printed).toContain('resourceNames: [mine]');
  for (const format of ['json', 'yaml']) {
    printed = '';
    await main([...rbac, '-o', format]);
    expect(parse(printed)).toEqual({ apiVersion: 'v1', kind: 'List', items: objects });
  }
});

test('a namespace that cannot be one is refused', async () => {
  const error = vi.spyOn(console, 'error').mockReturnValue();
  expect(await main(['operator', 'rbac', '--namespace', 'A_B'])).toBe(64);
  expect(error.mock.calls.join()).toContain('WATCHED_NAMESPACE: expected `*`, or names of namespaces');
});
