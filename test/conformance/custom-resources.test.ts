import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { patchTypes, useLab, type Answer, type Loose } from '../support/lab.ts';

// https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/
const lab = useLab('custom-resources');
const group = `${lab.unique('conformance')}.example.com`;
const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const path = (...rest: string[]): string => lab.in(`${group}/v1`, 'widgets', ...rest);

const schema = {
  type: 'object',
  required: ['spec'],
  properties: {
    spec: {
      type: 'object',
      required: ['size'],
      properties: {
        size: { type: 'integer', minimum: 1, maximum: 10 },
        color: { type: 'string', enum: ['red', 'green'], default: 'red' },
        code: { type: 'string', pattern: '^[a-z]+$' },
        free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
        nested: {
          type: 'object',
          default: {},
          properties: { level: { type: 'integer', default: 5 } },
        },
        port: { 'x-kubernetes-int-or-string': true },
        items: {
          type: 'array',
          'x-kubernetes-list-type': 'map',
          'x-kubernetes-list-map-keys': ['name'],
          items: {
            type: 'object',
            required: ['name'],
            properties: { name: { type: 'string' }, value: { type: 'string' } },
          },
        },
      },
    },
    status: { type: 'object', properties: { phase: { type: 'string' }, replicas: { type: 'integer' } } },
  },
};

const definition = (more: object = {}): Loose => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: `widgets.${group}` },
  spec: {
    group,
    scope: 'Namespaced',
    names: { plural: 'widgets', singular: 'widget', kind: 'Widget', shortNames: ['wg'], categories: ['all'] },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: { openAPIV3Schema: schema },
        subresources: { status: {} },
        additionalPrinterColumns: [
          { name: 'Size', type: 'integer', jsonPath: '.spec.size' },
          { name: 'Phase', type: 'string', jsonPath: '.status.phase', priority: 1 },
        ],
      },
    ],
    ...more,
  },
});
const widget = (name: string, spec: object, more: object = {}): object => ({
  apiVersion: `${group}/v1`,
  kind: 'Widget',
  metadata: { name },
  spec,
  ...more,
});
const post = (name: string, spec: object, query = ''): Promise<Answer> =>
  lab.request('POST', `${path()}${query}`, { body: widget(name, spec) });

beforeAll(async () => {
  await lab.ok('POST', definitions, definition());
  await eventually('the definition is established', async () => {
    const { status } = await lab.ok('GET', `${definitions}/widgets.${group}`);
    return status.conditions?.some((each: Loose) => each.type === 'Established' && each.status === 'True');
  });
  await eventually('it is served', async () => (await lab.request('GET', path())).code === 200);
});
afterAll(async () => {
  await lab.request('DELETE', `${definitions}/widgets.${group}`);
});

test('discovery and names (custom-resource-definitions/#create-a-customresourcedefinition)', async () => {
  const { status } = await lab.ok('GET', `${definitions}/widgets.${group}`);
  expect(status).toMatchObject({
    acceptedNames: { plural: 'widgets', kind: 'Widget', listKind: 'WidgetList' },
    storedVersions: ['v1'],
  });
  const { resources } = await lab.ok('GET', `/apis/${group}/v1`);
  expect(resources.map((each: Loose) => each.name)).toEqual(['widgets', 'widgets/status']);
  expect(resources[0]).toMatchObject({
    kind: 'Widget',
    shortNames: ['wg'],
    categories: ['all'],
    namespaced: true,
  });
});

test('validation names the field (custom-resource-definitions/#validation)', async () => {
  for (const [spec, field] of [
    [{ size: 0 }, 'spec.size'],
    [{ size: 11 }, 'spec.size'],
    [{ size: 'three' }, 'spec.size'],
    [{ size: 1.5 }, 'spec.size'],
    [{ size: 1, color: 'blue' }, 'spec.color'],
    [{ size: 1, code: 'UPPER' }, 'spec.code'],
    [{}, 'spec.size'],
    [{ size: 1, port: true }, 'spec.port'],
    [{ size: 1, items: [{ value: 'x' }] }, 'spec.items[0].name'],
  ] as const) {
    const { code, body } = await post('invalid', spec);
    expect(code, JSON.stringify(spec)).toBe(422);
    expect(
      body.details.causes.map((cause: Loose) => cause.field),
      JSON.stringify(spec),
    ).toContain(field);
    expect(body.message).toContain(`Widget.${group} "invalid" is invalid`);
  }
  const twice = await post('invalid', { size: 1, items: [{ name: 'a' }, { name: 'a' }] });
  expect(twice.code).toBe(422);
  expect(twice.body.details.causes[0]).toMatchObject({
    reason: 'FieldValueDuplicate',
    field: 'spec.items[1]',
  });
  expect((await post('int-or-string', { size: 1, port: 'http' })).code).toBe(201);
});

test('defaulting: on write and for what was written before (custom-resource-definitions/#defaulting)', async () => {
  const { body } = await post('defaults', { size: 1 });
  expect(body.spec).toEqual({ size: 1, color: 'red', nested: { level: 5 } });
});

test('pruning, and what is exempt from it (custom-resource-definitions/#field-pruning)', async () => {
  const { code, body, headers } = await post('pruned', {
    size: 1,
    other: 'x',
    free: { anything: { goes: 1 } },
  });
  expect(code).toBe(201);
  expect(body.spec.other).toBeUndefined();
  expect(body.spec.free).toEqual({ anything: { goes: 1 } });
  expect(String(headers['warning'])).toContain('unknown field \\"spec.other\\"');
  const strict = await post('strict', { size: 1, other: 'x' }, '?fieldValidation=Strict');
  expect(strict.code).toBe(400);
  expect(strict.body.message).toContain('unknown field "spec.other"');
});

test('status subresource: separate, generation counts everything else (custom-resource-definitions/#status-subresource)', async () => {
  const created = await lab.ok(
    'POST',
    path(),
    widget('status', { size: 1 }, { status: { phase: 'Sneaked' } }),
  );
  expect(created.status).toBeUndefined();
  expect(created.metadata.generation).toBe(1);
  const status = await lab.ok(
    'PATCH',
    path('status', 'status'),
    { spec: { size: 9 }, status: { phase: 'Set' } },
    patchTypes.merge,
  );
  expect(status).toMatchObject({ spec: { size: 1 }, status: { phase: 'Set' }, metadata: { generation: 1 } });
  const updated = await lab.ok('PUT', path('status'), {
    ...status,
    spec: { size: 2 },
    status: { phase: 'No' },
  });
  expect(updated).toMatchObject({ spec: { size: 2 }, status: { phase: 'Set' }, metadata: { generation: 2 } });
  const wrong = await lab.request('PATCH', path('status', 'status'), {
    body: { status: { replicas: 'many' } },
    type: patchTypes.merge,
  });
  expect(wrong.code).toBe(422);
});

test('printer columns (custom-resource-definitions/#additional-printer-columns)', async () => {
  await post('printed', { size: 7 });
  const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json';
  const { body } = await lab.request('GET', path('printed'), { headers: { accept } });
  expect(body.columnDefinitions.map(({ name, priority }: Loose) => [name, priority])).toEqual([
    ['Name', 0],
    ['Size', 0],
    ['Phase', 1],
  ]);
  expect(body.rows[0].cells.slice(0, 2)).toEqual(['printed', 7]);
});

test('patches: merge and apply, never strategic (custom-resource-definitions; api-concepts/#patch-and-apply)', async () => {
  await post('patched', { size: 1 });
  const strategic = await lab.request('PATCH', path('patched'), { body: {}, type: patchTypes.strategic });
  expect(strategic.code).toBe(415);
  const apply = (manager: string, items: object[]): Promise<Loose> =>
    lab.ok(
      'PATCH',
      `${path('applied')}?fieldManager=${manager}`,
      widget('applied', { size: 1, items }),
      patchTypes.apply,
    );
  await apply('one', [{ name: 'a', value: '1' }]);
  const both = await apply('two', [{ name: 'b', value: '2' }]);
  expect(both.spec.items.map(({ name }: Loose) => name)).toEqual(['a', 'b']);
});

test('watch, lists and selectors work as with built-in kinds (concepts/extend-kubernetes/api-extension/custom-resources)', async () => {
  const { metadata } = await lab.ok('GET', path());
  const watch = await lab.watch(`${path()}?watch=1&resourceVersion=${metadata.resourceVersion}`);
  await post('watched', { size: 3 });
  await lab.ok('DELETE', path('watched'));
  const deleted = await watch.next('the deletion', ({ type }) => type === 'DELETED');
  watch.close();
  expect(deleted).toMatchObject({ apiVersion: `${group}/v1`, kind: 'Widget', metadata: { name: 'watched' } });
});

test('a definition whose name does not fit, whose schema is not structural (custom-resource-definitions/#specifying-a-structural-schema)', async () => {
  const wrongName = { ...definition(), metadata: { name: `other.${group}` } };
  expect((await lab.request('POST', definitions, { body: wrongName })).code).toBe(422);
  const other = definition();
  other.metadata.name = `gadgets.${group}`;
  other.spec.names = { plural: 'gadgets', singular: 'gadget', kind: 'Gadget' };
  other.spec.versions[0].schema = { openAPIV3Schema: { type: 'object', properties: { spec: {} } } };
  const { code, body } = await lab.request('POST', definitions, { body: other });
  expect(code).toBe(422);
  expect(body.message).toContain('spec');
});

test('a definition that goes takes its objects along (custom-resource-definitions/#delete-a-customresourcedefinition)', async () => {
  const name = `things.${group}`;
  const other = definition({ names: { plural: 'things', singular: 'thing', kind: 'Thing' } });
  other.metadata.name = name;
  await lab.ok('POST', definitions, other);
  const things = lab.in(`${group}/v1`, 'things');
  await eventually('it is served', async () => (await lab.request('GET', things)).code === 200);
  await lab.ok('POST', things, { ...widget('thing', { size: 1 }), kind: 'Thing' });
  await lab.ok('DELETE', `${definitions}/${name}`);
  await eventually('it is served no longer', async () => (await lab.request('GET', things)).code === 404);
  await eventually(
    'it is gone',
    async () => (await lab.request('GET', `${definitions}/${name}`)).code === 404,
  );
  await lab.ok('POST', definitions, other);
  await eventually('it is served again', async () => (await lab.request('GET', things)).code === 200);
  expect((await lab.ok('GET', things)).items).toEqual([]);
  await lab.ok('DELETE', `${definitions}/${name}`);
});
