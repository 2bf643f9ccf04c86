import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defaultConfiguration, parseOperatorConfiguration } from '@pgherd/api';
import { connect, type Client } from '@pgherd/kube/client';
import {
  customResourceDefinitions,
  silentLogger,
  type CustomResourceDefinition,
  type KubeObject,
  type ResourceType,
} from '@pgherd/kube/objects';
import { startHeadless, type Headless } from '@pgherd/local/headless';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { eventually } from '../support/eventually.ts';

/** The definition of `OperatorConfiguration`, in the real API server. */

const file = fileURLToPath(
  new URL('../../manifests/crds/operatorconfigurations.acid.zalan.do.yaml', import.meta.url),
);
const operatorConfigurations: ResourceType = {
  group: 'acid.zalan.do',
  version: 'v1',
  kind: 'OperatorConfiguration',
  plural: 'operatorconfigurations',
  namespaced: true,
};

type OperatorConfiguration = KubeObject & { configuration: Record<string, unknown> };

let directory: string;
let kubernetes: Headless;
let client: Client;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'pgherd-configuration-'));
  kubernetes = await startHeadless({ directory, log: silentLogger });
  ({ client } = await connect({ kubeconfig: kubernetes.kubeconfig }));
  const crd = parse(readFileSync(file, 'utf8')) as CustomResourceDefinition;
  await client.create(customResourceDefinitions, crd);
  await eventually('the definition is established', async () => {
    const { status } = await client.get(customResourceDefinitions, {
      name: 'operatorconfigurations.acid.zalan.do',
    });
    return status?.conditions?.some((each) => each.type === 'Established' && each.status === 'True');
  });
});

afterAll(async () => {
  client.close();
  await kubernetes.stop();
  rmSync(directory, { recursive: true, force: true });
});

function withConfiguration(name: string, configuration: Record<string, unknown>): OperatorConfiguration {
  return {
    apiVersion: 'acid.zalan.do/v1',
    kind: 'OperatorConfiguration',
    metadata: { name, namespace: 'default' },
    configuration,
  };
}

test('what was written is stored as it was, without a default, and read', async () => {
  const configuration = {
    docker_image: 'registry.example/postgres:17',
    sidecars: [{ name: 'exporter', image: 'exporter:1', ports: [{ containerPort: 9187 }] }],
    users: {},
    kubernetes: {
      cluster_labels: { application: 'spilo' },
      pod_terminate_grace_period: '1h30m',
      infrastructure_roles_secrets: [{ secretname: 'a', userkey: 'u', passwordkey: 'p', template: false }],
    },
    postgres_pod_resources: { default_cpu_limit: '' },
    aws_or_gcp: { enable_ebs_gp3_migration: true },
  };
  await client.create(operatorConfigurations, withConfiguration('good', configuration));
  const stored = (await client.get(operatorConfigurations, {
    namespace: 'default',
    name: 'good',
  })) as OperatorConfiguration;
  expect(stored.configuration).toEqual(configuration);
  const parsed = parseOperatorConfiguration(stored);
  expect(parsed.problems.filter(({ severity }) => severity === 'error')).toEqual([]);
  expect(parsed.configuration).toMatchObject({
    docker_image: 'registry.example/postgres:17',
    pod_terminate_grace_period: 5_400_000,
    super_username: defaultConfiguration().super_username,
  });
});

test.each([
  ['workers', { workers: 0 }],
  ['docker_image', { docker_image: 5 }],
  ['pod_management_policy', { kubernetes: { pod_management_policy: 'both' } }],
  ['pod_terminate_grace_period', { kubernetes: { pod_terminate_grace_period: '5 minutes' } }],
  ['default_cpu_limit', { postgres_pod_resources: { default_cpu_limit: 'much' } }],
  ['secretname', { kubernetes: { infrastructure_roles_secrets: [{ userkey: 'u' }] } }],
])('a wrong %s is refused', async (name, configuration) => {
  await expect(
    client.create(operatorConfigurations, withConfiguration('wrong', configuration)),
  ).rejects.toThrow(name);
});
