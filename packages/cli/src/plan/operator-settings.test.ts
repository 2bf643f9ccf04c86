import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from '@pgherd/kube/client';
import { configMaps, deployments, silentLogger, type ConfigMap, type Deployment } from '@pgherd/kube/objects';
import type { Postgresql } from '@pgherd/api';
import { startHeadless } from '@pgherd/local/headless';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { projectRoot } from '../project.ts';
import { findSettings } from './operator-settings.ts';

const manifest = { metadata: { name: 'acid-demo' }, spec: {} } as Postgresql;

function read(file: string): unknown {
  return parse(readFileSync(join(projectRoot, 'manifests', file), 'utf8'));
}

test('the operator of our own manifests is found, and its ConfigMap read', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'pgherd-settings-'));
  const kubernetes = await startHeadless({ directory, log: silentLogger });
  const { client } = await connect({ kubeconfig: kubernetes.kubeconfig });
  try {
    const search = { client, kubeconfig: undefined, manifest };
    expect((await findSettings(search, undefined)).origin).toMatch(/^defaults: no operator found/);
    await client.create(deployments, read('postgres-operator.yaml') as Deployment);
    const configMap = read('configmap.yaml') as ConfigMap;
    await client.create(configMaps, { ...configMap, data: { ...configMap.data, min_instances: '2' } });
    const { origin, settings } = await findSettings(search, undefined);
    expect(origin).toBe('ConfigMap default/postgres-operator');
    expect(settings.configuration.min_instances).toBe(2);
  } finally {
    client.close();
    await kubernetes.stop();
    rmSync(directory, { recursive: true, force: true });
  }
});
