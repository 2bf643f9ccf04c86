import { expect, test } from 'vitest';
import { patchTypes, useLab, type Answer, type Loose } from '../support/lab.ts';

// https://kubernetes.io/docs/tasks/manage-kubernetes-objects/update-api-object-kubectl-patch/
// https://kubernetes.io/docs/reference/using-api/api-concepts/#patch-and-apply
const lab = useLab('patch');
const path = (...rest: string[]): string => lab.in('v1', 'configmaps', ...rest);
const sets = (...rest: string[]): string => lab.in('apps/v1', 'statefulsets', ...rest);
const make = (name: string, data: Record<string, string> = {}): Promise<Loose> =>
  lab.ok('POST', path(), { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data });
const patch = (type: keyof typeof patchTypes, target: string, body: unknown): Promise<Answer> =>
  lab.request('PATCH', target, { body, type: patchTypes[type] });

/** A StatefulSet without pods, because a template has lists of every kind. */
const makeSet = (name: string): Promise<Loose> =>
  lab.ok('POST', sets(), {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name },
    spec: {
      replicas: 0,
      serviceName: name,
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: {
          containers: [
            { name: 'a', image: 'image-a', args: ['1', '2'], env: [{ name: 'X', value: 'x' }] },
            { name: 'b', image: 'image-b' },
          ],
          tolerations: [{ key: 'one', operator: 'Exists' }],
        },
      },
    },
  });
const containersOf = (set: Loose): Loose[] => set.spec.template.spec.containers;

test('JSON patch: add, replace, remove, move, copy, test (RFC 6902; api-concepts/#patch-and-apply)', async () => {
  await make('json', { a: '1', b: '2' });
  const done = await patch('json', path('json'), [
    { op: 'test', path: '/data/a', value: '1' },
    { op: 'replace', path: '/data/a', value: '9' },
    { op: 'copy', from: '/data/a', path: '/data/c' },
    { op: 'move', from: '/data/b', path: '/data/d' },
    { op: 'add', path: '/metadata/labels', value: { 'example.com/x': 'x' } },
  ]);
  expect(done.body.data).toEqual({ a: '9', c: '9', d: '2' });
  const escaped = await patch('json', path('json'), [
    { op: 'remove', path: '/metadata/labels/example.com~1x' },
  ]);
  expect(escaped.body.metadata.labels ?? {}).toEqual({});
  const refused = await patch('json', path('json'), [
    { op: 'replace', path: '/data/a', value: '10' },
    { op: 'test', path: '/data/c', value: 'no' },
  ]);
  expect(refused.code).toBe(422);
  expect((await lab.ok('GET', path('json'))).data.a).toBe('9');
  expect((await patch('json', path('json'), [{ op: 'remove', path: '/data/none' }])).code).toBe(422);
  expect((await patch('json', path('json'), { op: 'remove' })).code).toBe(400);
});

test('merge patch: objects merge, null removes, lists are replaced (RFC 7386; api-concepts/#patch-and-apply)', async () => {
  await makeSet('merge');
  await lab.ok('PATCH', sets('merge'), { metadata: { labels: { a: '1', b: '2' } } }, patchTypes.merge);
  const { body } = await patch('merge', sets('merge'), {
    metadata: { labels: { a: null, c: '3' } },
    spec: { template: { spec: { containers: [{ name: 'only', image: 'other' }] } } },
  });
  expect(body.metadata.labels).toEqual({ b: '2', c: '3' });
  expect(containersOf(body).map(({ name }) => name)).toEqual(['only']);
});

test('strategic merge patch: lists with a merge key merge by it (update-api-object-kubectl-patch/#notes-on-the-strategic-merge-patch)', async () => {
  await makeSet('strategic');
  const { body } = await patch('strategic', sets('strategic'), {
    spec: {
      template: {
        spec: {
          containers: [
            { name: 'a', args: ['3'], env: [{ name: 'Y', value: 'y' }] },
            { name: 'c', image: 'image-c' },
          ],
          tolerations: [{ key: 'two', operator: 'Exists' }],
        },
      },
    },
  });
  const byName = new Map(containersOf(body).map((each) => [each.name, each]));
  expect([...byName.keys()].sort((a, b) => String(a).localeCompare(b))).toEqual(['a', 'b', 'c']);
  // Without a merge key a list is replaced, with one it is merged.
  expect(byName.get('a').args).toEqual(['3']);
  expect(byName.get('a').image).toBe('image-a');
  expect(
    byName
      .get('a')
      .env.map(({ name }: Loose) => name)
      .sort(),
  ).toEqual(expect.arrayContaining(['X', 'Y']));
  expect(body.spec.template.spec.tolerations.map(({ key }: Loose) => key)).toEqual(['two']);
});

test('strategic directives: delete, replace, order, retainKeys (community: strategic-merge-patch; update-api-object-kubectl-patch)', async () => {
  await makeSet('directives');
  const deleted = await patch('strategic', sets('directives'), {
    spec: { template: { spec: { containers: [{ $patch: 'delete', name: 'b' }] } } },
  });
  expect(containersOf(deleted.body).map(({ name }) => name)).toEqual(['a']);
  const replaced = await patch('strategic', sets('directives'), {
    spec: {
      template: {
        spec: {
          containers: [{ $patch: 'replace' }, { name: 'x', image: 'x' }, { name: 'y', image: 'y' }],
        },
      },
    },
  });
  expect(containersOf(replaced.body).map(({ name }) => name)).toEqual(['x', 'y']);
  const ordered = await patch('strategic', sets('directives'), {
    spec: {
      template: {
        spec: {
          '$setElementOrder/containers': [{ name: 'z' }, { name: 'y' }, { name: 'x' }],
          containers: [{ name: 'z', image: 'z' }],
        },
      },
    },
  });
  expect(containersOf(ordered.body).map(({ name }) => name)).toEqual(['z', 'y', 'x']);
  const finalizers = await patch('strategic', sets('directives'), {
    metadata: { finalizers: ['example.com/a', 'example.com/b'] },
  });
  expect(finalizers.body.metadata.finalizers).toEqual(['example.com/a', 'example.com/b']);
  const fewer = await patch('strategic', sets('directives'), {
    metadata: { '$deleteFromPrimitiveList/finalizers': ['example.com/a'] },
  });
  expect(fewer.body.metadata.finalizers).toEqual(['example.com/b']);
  await patch('merge', sets('directives'), { metadata: { finalizers: null } });
  const volumes = [{ name: 'v', emptyDir: {} }];
  await patch('strategic', sets('directives'), { spec: { template: { spec: { volumes } } } });
  const retained = await patch('strategic', sets('directives'), {
    spec: {
      template: {
        spec: { volumes: [{ name: 'v', $retainKeys: ['name', 'configMap'], configMap: { name: 'c' } }] },
      },
    },
  });
  const volume = retained.body.spec.template.spec.volumes[0];
  expect(volume.emptyDir).toBeUndefined();
  expect(volume.configMap.name).toBe('c');
});

test('a patch that changes nothing keeps the resourceVersion (api-concepts/#resource-versions)', async () => {
  const { metadata } = await make('noop', { a: '1' });
  for (const type of ['merge', 'strategic'] as const) {
    const { body } = await patch(type, path('noop'), { data: { a: '1' } });
    expect(body.metadata.resourceVersion).toBe(metadata.resourceVersion);
  }
  const json = await patch('json', path('noop'), [{ op: 'replace', path: '/data/a', value: '1' }]);
  expect(json.body.metadata.resourceVersion).toBe(metadata.resourceVersion);
});

test('a patch may carry the resourceVersion that it is for: 409 otherwise (api-concepts/#patch-and-apply)', async () => {
  const { metadata } = await make('precondition', { a: '1' });
  const { resourceVersion } = metadata;
  await lab.ok('PATCH', path('precondition'), { data: { a: '2' } }, patchTypes.merge);
  const { code } = await patch('merge', path('precondition'), {
    metadata: { resourceVersion },
    data: { a: '3' },
  });
  expect(code).toBe(409);
});

test('a patch cannot make an object, nor an invalid one (api-concepts/#patch-and-apply)', async () => {
  expect((await patch('merge', path('nobody'), { data: {} })).code).toBe(404);
  await make('valid');
  const wrong = await patch('merge', path('valid'), { metadata: { labels: { a: 'not valid!' } } });
  expect(wrong.code).toBe(422);
  const renamed = await patch('merge', path('valid'), { metadata: { name: 'other' } });
  expect([400, 422]).toContain(renamed.code);
});

test('an unknown patch type: 415 (api-concepts/#patch-and-apply)', async () => {
  await make('types');
  const { code } = await lab.request('PATCH', path('types'), { body: {}, type: 'application/json' });
  expect(code).toBe(415);
});
