import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { startTestServer, type TestReply, type TestServer } from './test-server.ts';

let server: TestServer;

const core = '/api/v1/namespaces/default';
const targets = [
  `${core}/configmaps`,
  `${core}/secrets`,
  `${core}/pods`,
  `${core}/services`,
  `${core}/endpoints`,
  `${core}/persistentvolumeclaims`,
  `${core}/events`,
  '/api/v1/namespaces',
  '/api/v1/nodes',
  '/apis/apps/v1/namespaces/default/statefulsets',
  '/apis/coordination.k8s.io/v1/namespaces/default/leases',
  '/apis/policy/v1/namespaces/default/poddisruptionbudgets',
  '/apis/rbac.authorization.k8s.io/v1/clusterroles',
  '/apis/rbac.authorization.k8s.io/v1/namespaces/default/rolebindings',
  '/apis/apiextensions.k8s.io/v1/customresourcedefinitions',
  '/apis/example.com/v1/namespaces/default/foos',
  '/apis/authorization.k8s.io/v1/subjectaccessreviews',
  '/apis/authorization.k8s.io/v1/selfsubjectrulesreviews',
  '/apis/authentication.k8s.io/v1/tokenreviews',
  `${core}/serviceaccounts/default/token`,
  `${core}/pods/x/eviction`,
  `${core}/pods/x/binding`,
];
const subresources = ['', '/status', '/scale', '/finalize', '/ephemeralcontainers', '/log', '/exec'];
const patchTypes = ['json-patch', 'merge-patch', 'strategic-merge-patch'].map((t) => `application/${t}+json`);

beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

// Deletions of whole collections are among the requests.
beforeEach(() => {
  const crds = { group: 'apiextensions.k8s.io', version: 'v1', plural: 'customresourcedefinitions' };
  if (server.registry.list(crds).items.some((crd) => crd.metadata.name === 'foos.example.com')) return;
  const schema = {
    type: 'object',
    properties: { spec: { type: 'object', properties: { n: { type: 'integer' } } } },
  };
  const names = { plural: 'foos', kind: 'Foo' };
  const version = { name: 'v1', served: true, storage: true, subresources: { status: {} } };
  server.registry.create(crds, undefined, {
    metadata: { name: 'foos.example.com' },
    spec: {
      group: 'example.com',
      scope: 'Namespaced',
      names,
      versions: [{ ...version, schema: { openAPIV3Schema: schema } }],
    },
  });
});

/** The keys that code looks at, so that values of the wrong shape come where they hurt. */
const keys = fc.constantFrom(
  ...'apiVersion kind metadata name generateName namespace labels annotations finalizers ownerReferences uid'.split(
    ' ',
  ),
  ...'managedFields resourceVersion generation creationTimestamp deletionTimestamp spec status data type'.split(
    ' ',
  ),
  ...'stringData containers initContainers volumes template selector matchLabels matchExpressions ports'.split(
    ' ',
  ),
  ...'clusterIP clusterIPs subsets addresses rules roleRef subjects versions names schema openAPIV3Schema'.split(
    ' ',
  ),
  ...'properties items resources requests storage accessModes replicas volumeClaimTemplates conditions'.split(
    ' ',
  ),
  ...'tolerations env minAvailable scope group plural served op path value from deleteOptions target'.split(
    ' ',
  ),
  ...'audiences expirationSeconds token user groups resourceAttributes __proto__ constructor toString'.split(
    ' ',
  ),
);
const leaf = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    0,
    -1,
    1.5,
    1e308,
    '',
    'x',
    'default',
    'v1',
    '1',
    '\0',
    '../..',
    '-',
    '1Gi',
  ),
  fc.string(),
  fc.integer(),
);
const tree = fc.letrec<{ any: unknown }>((tie) => ({
  any: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    leaf,
    fc.array(tie('any'), { maxLength: 3 }),
    fc.dictionary(keys, tie('any'), { maxKeys: 5, noNullPrototype: true }),
  ),
})).any;
const record = fc.dictionary(keys, tree, { maxKeys: 6, noNullPrototype: true });

/** An object that comes past the first checks, spoilt in one place or several. */
const spoilt = fc.tuple(record, record, record, record).map(([top, metadata, spec, status]) => ({
  spec,
  status,
  ...top,
  metadata: { name: 'x', ...metadata },
}));

function judge(reply: TestReply, what: string): void {
  // 501 and 503 say what this server does not have: a node to ask, an encoding.
  const server5xx = reply.code >= 500 && reply.code !== 503 && reply.code !== 504;
  expect(server5xx ? `${what}: ${reply.text}\n${server.errors.at(-1) ?? ''}` : '').toBe('');
}

test('objects of any shape: never a failure of the server', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...targets),
      fc.constantFrom('POST', 'PUT', 'DELETE'),
      fc.constantFrom(...subresources),
      fc.oneof(spoilt, record, tree),
      async (path, method, subresource, body) => {
        const target = method === 'POST' ? path : `${path}/x${subresource}`;
        const text = JSON.stringify(body);
        judge(await server.send(method, target, text), `${method} ${target} ${text}`);
      },
    ),
    { numRuns: 600 },
  );
});

test('patches of any shape: never a failure of the server', async () => {
  for (const path of targets.slice(0, 16)) {
    await server.send('POST', path, JSON.stringify({ metadata: { name: 'y' } }));
  }
  const operation = fc.record({
    op: fc.constantFrom('add', 'remove', 'replace', 'move', 'copy', 'test', 'x'),
    path: fc.oneof(
      fc.constantFrom('', '/', '/metadata', '/metadata/labels', '/data/a', '/spec'),
      fc.string(),
    ),
    from: fc.constantFrom('', '/metadata', '/spec', '/a/b'),
    value: tree,
  });
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...targets.slice(0, 16)),
      fc.constantFrom(...subresources.slice(0, 3)),
      fc.constantFrom(...patchTypes, 'application/apply-patch+yaml'),
      fc.oneof(spoilt, record, fc.array(operation, { maxLength: 4 })),
      async (path, subresource, type, body) => {
        const query = type.includes('apply') ? '?fieldManager=m&force=true' : '';
        const target = `${path}/${Array.isArray(body) ? 'y' : 'x'}${subresource}${query}`;
        const text = JSON.stringify(body).replaceAll('"name":"x"', '"name":"y"');
        const named = target.replace('/x', '/y');
        judge(await server.send('PATCH', named, text, type), `PATCH ${type} ${named} ${text}`);
      },
    ),
    { numRuns: 600 },
  );
});

test('bytes, paths and queries of any kind: never a failure of the server', async () => {
  const types = [
    'application/json',
    'application/yaml',
    'application/vnd.kubernetes.protobuf',
    ...patchTypes,
    '',
    'x',
  ];
  const segment = fc.oneof(
    fc.constantFrom('api', 'apis', 'v1', 'pods', 'namespaces', 'default', 'watch', '..'),
    fc.string(),
  );
  const paths = fc.oneof(
    fc.constantFrom(...targets),
    fc.array(segment, { maxLength: 7 }).map((parts) => `/${parts.map(encodeURIComponent).join('/')}`),
  );
  const parameter = fc.constantFrom(
    ...'limit continue labelSelector fieldSelector resourceVersion resourceVersionMatch dryRun force'.split(
      ' ',
    ),
    ...'fieldManager fieldValidation gracePeriodSeconds propagationPolicy orphanDependents pretty'.split(' '),
    ...'sendInitialEvents includeObject'.split(' '),
  );
  const value = fc.oneof(
    fc.constantFrom('', '0', '-1', '99999999999999999999', 'true', 'All', 'a in (', 'x=y'),
    fc.string(),
  );
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 200 }).map((b) => Buffer.from(b)),
    fc.uint8Array({ maxLength: 200 }).map((b) => Buffer.concat([Buffer.from('k8s\0'), b])),
    fc.string().map((text) => Buffer.from(text)),
  );
  await fc.assert(
    fc.asyncProperty(
      paths,
      fc.constantFrom('GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS'),
      fc.array(fc.tuple(parameter, value), { maxLength: 4 }),
      bytes,
      fc.constantFrom(...types),
      async (path, method, query, body, type) => {
        const parameters = new URLSearchParams([...query, ['timeoutSeconds', '1']]);
        const target = `${path}?${parameters.toString()}`;
        if (/\/watch\//.test(path)) return;
        judge(
          await server.send(method, target, body, type),
          `${method} ${target} ${body.toString('hex')} ${type}`,
        );
      },
    ),
    { numRuns: 800 },
  );
});

test.each([
  ['lists too deep', '['.repeat(200_000) + ']'.repeat(200_000)],
  ['objects too deep', '{"a":'.repeat(50_000) + '1' + '}'.repeat(50_000)],
  ['a number that is none', '{"metadata":{"name":"big"},"spec":{"n":1e999}}'],
  [
    'YAML aliases that multiply',
    `a: &a [1,1,1,1,1,1,1,1,1]\n${'bcdefghij'
      .split('')
      .map((c, i) => `${c}: &${c} [${`*${'abcdefghi'[i]},`.repeat(9)}]`)
      .join('\n')}`,
  ],
])('%s: 400', async (_what, body) => {
  for (const type of ['application/json', 'application/yaml']) {
    if (body.startsWith('a:') && type.endsWith('json')) continue;
    const reply = await server.send('POST', '/apis/example.com/v1/namespaces/default/foos', body, type);
    expect([reply.code, reply.text.slice(0, 200)]).toEqual([400, expect.any(String)]);
  }
});

test('YAML is read as JSON knows it: no dates, no sets, no binaries', async () => {
  const body = 'metadata: {name: dates}\ndata:\n  day: 2001-12-14\n  bytes: !!binary aGk=\n';
  const reply = await server.send('POST', `${core}/configmaps`, body, 'application/yaml');
  expect([reply.code, JSON.parse(reply.text)]).toMatchObject([
    201,
    { data: { day: '2001-12-14', bytes: 'hi' } },
  ]);
});

test('a patch whose copies double is refused before it fills the memory', async () => {
  await server.send('POST', `${core}/configmaps`, '{"metadata":{"name":"double","labels":{"a":"b"}}}');
  const copies = Array.from({ length: 40 }, (_, i) => ({
    op: 'copy',
    from: '/metadata',
    path: `/metadata/c${i}`,
  }));
  const reply = await server.send(
    'PATCH',
    `${core}/configmaps/double`,
    JSON.stringify(copies),
    patchTypes[0],
  );
  expect(reply.code).toBe(422);
});

test.each([
  [`${core}/pods`, { metadata: { name: 'x' }, spec: {} }, 422],
  ['/apis/example.com/v1/namespaces/default/foos', { metadata: { name: 'x', managedFields: 'x' } }, 400],
  ['/apis/authorization.k8s.io/v1/subjectaccessreviews', { spec: { groups: null } }, 422],
  ['/apis/authorization.k8s.io/v1/subjectaccessreviews', { spec: { user: 5 } }, 400],
  [`${core}/serviceaccounts/default/token`, { spec: { expirationSeconds: 'soon' } }, 400],
  [`${core}/pods/x/binding`, { target: { name: 5 } }, 404],
])('%s of %j: %i', async (path, body, code) => {
  expect((await server.send('POST', path, JSON.stringify(body))).code).toBe(code);
});
