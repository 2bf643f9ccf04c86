import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger, type KubeObject } from '@pgherd/kube/objects';
import { builtinSchema, prune, validate } from '@pgherd/kube/schema';
import { startHeadless, type Headless } from '@pgherd/local/headless';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { projectRoot, run } from '../support/instance.ts';

/** What people apply with kubectl is taken by the API server, and says nothing that its kind does not know. */

const manifests = join(projectRoot, 'manifests');
let kubernetes: Headless;
let directory: string;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'pgherd-manifests-'));
  kubernetes = await startHeadless({ directory, log: silentLogger });
});

afterAll(async () => {
  await kubernetes?.stop();
  rmSync(directory, { recursive: true, force: true });
});

async function kubectl(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await run('kubectl', ['--kubeconfig', kubernetes.kubeconfig, ...args]);
  if (code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stderr}`);
  return `${stdout}${stderr}`;
}

test('kubectl apply -k, and everything that is not in it', async () => {
  const applied = await kubectl('apply', '-k', manifests);
  expect(applied).toContain('deployment.apps/postgres-operator created');
  expect(applied).not.toContain('Warning');
  for (const name of [
    'minimal-postgres-manifest',
    'complete-postgres-manifest',
    'postgresql-operator-default-configuration',
    'custom-team-membership',
    'fake-teams-api',
  ]) {
    const said = await kubectl('apply', '--validate=strict', '-f', join(manifests, `${name}.yaml`));
    expect(said).toContain('created');
    expect(said).not.toContain('Warning');
  }
});

test('every object of Kubernetes says only what its kind knows', async () => {
  const objects = parseAllDocuments(await kubectl('kustomize', manifests)).map(
    (document) => document.toJS() as KubeObject,
  );
  expect(objects.length).toBeGreaterThan(10);
  const errors = objects.flatMap((object) => {
    const [version = '', group = ''] = (object.apiVersion ?? '').split('/').reverse();
    const schema = builtinSchema({ group, version, kind: object.kind ?? '' });
    if (schema === undefined) return [`${object.kind}: unknown`];
    const unknown = prune(schema, structuredClone(object), { isResourceRoot: true });
    return [...unknown, ...validate(schema, object).map(({ field, detail }) => `${field}: ${detail}`)];
  });
  expect(errors).toEqual([]);
});
