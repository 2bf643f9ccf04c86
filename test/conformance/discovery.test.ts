import { expect, test } from 'vitest';
import { useLab, type Loose } from '../support/lab.ts';

// https://kubernetes.io/docs/concepts/overview/kubernetes-api/#discovery-api
const lab = useLab('discovery');

test('/version names a major and a minor version (reference/using-api/deprecation-policy)', async () => {
  const version = await lab.ok('GET', '/version');
  expect(version.major).toBe('1');
  expect(version.gitVersion).toMatch(/^v1\.\d+\.\d+/);
});

test('/api and /apis list versions and groups (concepts/overview/kubernetes-api/#unaggregated-discovery)', async () => {
  const core = await lab.ok('GET', '/api');
  expect(core).toMatchObject({ kind: 'APIVersions', versions: ['v1'] });
  const groups = await lab.ok('GET', '/apis');
  expect(groups.kind).toBe('APIGroupList');
  const names = groups.groups.map((group: Loose) => group.name);
  for (const name of ['apps', 'policy', 'coordination.k8s.io', 'rbac.authorization.k8s.io'])
    expect(names).toContain(name);
  const apps = groups.groups.find((group: Loose) => group.name === 'apps');
  expect(apps.preferredVersion).toEqual({ groupVersion: 'apps/v1', version: 'v1' });
  expect((await lab.ok('GET', '/apis/apps')).kind).toBe('APIGroup');
});

test('resources of a version with verbs, short names and subresources (reference/using-api/api-concepts/#api-discovery)', async () => {
  const core = await lab.ok('GET', '/api/v1');
  expect(core).toMatchObject({ kind: 'APIResourceList', groupVersion: 'v1' });
  const byName = new Map<string, Loose>(core.resources.map((each: Loose) => [each.name, each]));
  expect(byName.get('pods')).toMatchObject({ kind: 'Pod', namespaced: true, singularName: 'pod' });
  expect(byName.get('pods').shortNames).toContain('po');
  expect(byName.get('pods').verbs).toEqual(
    expect.arrayContaining([
      'create',
      'delete',
      'deletecollection',
      'get',
      'list',
      'patch',
      'update',
      'watch',
    ]),
  );
  expect(byName.get('namespaces').namespaced).toBe(false);
  for (const name of ['pods/status', 'pods/log', 'pods/exec', 'serviceaccounts/token', 'namespaces/finalize'])
    expect(byName.has(name), name).toBe(true);
  const apps = await lab.ok('GET', '/apis/apps/v1');
  expect(apps.resources.map((each: Loose) => each.name)).toEqual(
    expect.arrayContaining(['statefulsets', 'statefulsets/status', 'statefulsets/scale']),
  );
});

test('aggregated discovery when asked for (concepts/overview/kubernetes-api/#aggregated-discovery)', async () => {
  const accept = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json';
  const { code, body, headers } = await lab.request('GET', '/apis', { headers: { accept } });
  expect(code).toBe(200);
  expect(body.kind).toBe('APIGroupDiscoveryList');
  expect(headers['content-type']).toContain('as=APIGroupDiscoveryList');
  const apps = body.items.find((group: Loose) => group.metadata.name === 'apps');
  const resource = apps.versions[0].resources.find((each: Loose) => each.resource === 'statefulsets');
  expect(resource).toMatchObject({ scope: 'Namespaced', responseKind: { kind: 'StatefulSet' } });
});

test('OpenAPI v3 is published by group and version (concepts/overview/kubernetes-api/#openapi-v3)', async () => {
  const index = await lab.ok('GET', '/openapi/v3');
  const entry = index.paths['apis/apps/v1'];
  expect(entry.serverRelativeURL).toMatch(/^\/openapi\/v3\/apis\/apps\/v1/);
  const document = await lab.ok('GET', entry.serverRelativeURL);
  expect(document.openapi).toMatch(/^3\./);
  const schemas = document.components.schemas;
  expect(schemas['io.k8s.api.apps.v1.StatefulSet'].properties).toHaveProperty('spec');
  expect(schemas['io.k8s.api.apps.v1.StatefulSet']['x-kubernetes-group-version-kind']).toContainEqual({
    group: 'apps',
    version: 'v1',
    kind: 'StatefulSet',
  });
});

test('what is not served is not found (reference/using-api/api-concepts)', async () => {
  for (const path of ['/apis/nothing.example/v1/things', '/api/v1/things', '/apis/apps/v9/statefulsets'])
    expect((await lab.request('GET', path)).code, path).toBe(404);
});

test('health endpoints (reference/using-api/health-checks)', async () => {
  for (const path of ['/livez', '/readyz', '/healthz']) {
    const { code, body } = await lab.request('GET', path);
    expect([code, body], path).toEqual([200, 'ok']);
  }
});
