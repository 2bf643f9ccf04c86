import { expect, test } from 'vitest';
import { applyDefaults } from './defaults.ts';
import { fieldErrorMessage, invalid, invalidError, required } from './field-error.ts';
import { prune, unknownFieldMessage } from './prune.ts';
import type { Schema } from './schema.ts';
import { validate } from './validate.ts';

const messages = (schema: Schema, value: unknown): string[] => validate(schema, value).map(fieldErrorMessage);
const spec = (schema: Schema): Schema => ({
  type: 'object',
  properties: { spec: { type: 'object', properties: { x: schema } } },
});
const x = (schema: Schema, value: unknown): string[] => messages(spec(schema), { spec: { x: value } });

test.each<[string, Schema, unknown, string[]]>([
  [
    'type',
    { type: 'integer' },
    'a',
    ['spec.x: Invalid value: "string": spec.x in body must be of type integer: "string"'],
  ],
  [
    'float for integer',
    { type: 'integer' },
    1.5,
    ['spec.x: Invalid value: "number": spec.x in body must be of type integer: "number"'],
  ],
  [
    'null',
    { type: 'object' },
    null,
    ['spec.x: Invalid value: "null": spec.x in body must be of type object: "null"'],
  ],
  ['nullable', { type: 'object', nullable: true }, null, []],
  ['integer is a number', { type: 'number' }, 1, []],
  [
    'enum',
    { type: 'string', enum: ['x', 'y'] },
    'a',
    ['spec.x: Unsupported value: "a": supported values: "x", "y"'],
  ],
  [
    'pattern',
    { type: 'string', pattern: '^a+$' },
    'b',
    ['spec.x: Invalid value: "b": spec.x in body should match \'^a+$\''],
  ],
  ['pattern is searched', { type: 'string', pattern: 'a' }, 'bab', []],
  [
    'minLength counts characters',
    { type: 'string', minLength: 2 },
    '💥',
    ['spec.x: Invalid value: "💥": spec.x in body should be at least 2 chars long'],
  ],
  ['maxLength', { type: 'string', maxLength: 2 }, 'abc', ['spec.x: Too long: may not be more than 2 bytes']],
  [
    'minimum',
    { type: 'integer', minimum: 1 },
    0,
    ['spec.x: Invalid value: 0: spec.x in body should be greater than or equal to 1'],
  ],
  [
    'exclusive maximum',
    { type: 'integer', maximum: 5, exclusiveMaximum: true },
    5,
    ['spec.x: Invalid value: 5: spec.x in body should be less than 5'],
  ],
  [
    'multipleOf',
    { type: 'number', multipleOf: 0.1 },
    0.25,
    ['spec.x: Invalid value: 0.25: spec.x in body should be a multiple of 0.1'],
  ],
  ['multipleOf in decimals', { type: 'number', multipleOf: 0.1 }, 0.3, []],
  [
    'maxItems',
    { type: 'array', maxItems: 1, items: {} },
    [1, 2],
    ['spec.x: Too many: 2: must have at most 1 items'],
  ],
  [
    'minItems',
    { type: 'array', minItems: 1, items: {} },
    [],
    ['spec.x: Invalid value: 0: spec.x in body should have at least 1 items'],
  ],
  [
    'items',
    { type: 'array', items: { type: 'string' } },
    ['a', 1],
    ['spec.x[1]: Invalid value: "integer": spec.x[1] in body must be of type string: "integer"'],
  ],
  ['required', { type: 'object', required: ['size'] }, {}, ['spec.x.size: Required value']],
  [
    'required, not inherited',
    { type: 'object', required: ['constructor'] },
    {},
    ['spec.x.constructor: Required value'],
  ],
  [
    'additional',
    { type: 'object', additionalProperties: { type: 'string' } },
    { a: 1 },
    ['spec.x.a: Invalid value: "integer": spec.x.a in body must be of type string: "integer"'],
  ],
  [
    'maxProperties',
    { type: 'object', maxProperties: 0 },
    { a: 1 },
    ['spec.x: Too many: 1: must have at most 0 items'],
  ],
  ['int-or-string', { 'x-kubernetes-int-or-string': true }, '50%', []],
  [
    'set',
    { type: 'array', 'x-kubernetes-list-type': 'set', items: { type: 'string' } },
    ['a', 'b', 'a'],
    ['spec.x[2]: Duplicate value: "a"'],
  ],
  [
    'map',
    {
      type: 'array',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['k'],
      items: { type: 'object' },
    },
    [
      { k: 1, v: 1 },
      { k: 1, v: 2 },
    ],
    ['spec.x[1]: Duplicate value: map[string]interface {}{"k":1}'],
  ],
  [
    'date-time',
    { type: 'string', format: 'date-time' },
    '2024-02-30T00:00:00Z',
    [
      'spec.x: Invalid value: "2024-02-30T00:00:00Z": spec.x in body must be of type datetime: "2024-02-30T00:00:00Z"',
    ],
  ],
  ['unknown format', { type: 'string', format: 'frob' }, 'z', []],
  [
    'not',
    { not: { enum: [1] } },
    1,
    ['<nil>: Invalid value: "": "spec.x" must not validate the schema (not)'],
  ],
  [
    'anyOf',
    { anyOf: [{ type: 'string' }, { type: 'integer' }] },
    true,
    [
      '<nil>: Invalid value: "": "spec.x" must validate at least one schema (anyOf)',
      'spec.x: Invalid value: "boolean": spec.x in body must be of type string: "boolean"',
    ],
  ],
  [
    'oneOf',
    { oneOf: [{ type: 'integer' }, { minimum: 1 }] },
    1,
    [
      '<nil>: Invalid value: "": "spec.x" must validate one and only one schema (oneOf). Found 2 valid alternatives',
    ],
  ],
  [
    'allOf',
    { allOf: [{ minimum: 2 }, { type: 'integer' }] },
    1,
    [
      'spec.x: Invalid value: 1: spec.x in body should be greater than or equal to 2',
      '<nil>: Invalid value: "": "spec.x" must validate all the schemas (allOf)',
    ],
  ],
])('%s', (_, schema, value, expected) => {
  expect(x(schema, value)).toEqual(expected);
});

test('the 422 answer carries one cause for each error', () => {
  const gvk = { group: 'acid.zalan.do', kind: 'postgresql' };
  const one = invalidError(gvk, 'x', [required('spec.teamId')]);
  expect(one.message).toBe('postgresql.acid.zalan.do "x" is invalid: spec.teamId: Required value');
  const two = invalidError(gvk, 'x', [required('a'), invalid('b', 'v', 'no'), required('a')]);
  expect(two.message).toBe(
    'postgresql.acid.zalan.do "x" is invalid: [a: Required value, b: Invalid value: "v": no]',
  );
  expect(two.status).toMatchObject({
    code: 422,
    reason: 'Invalid',
    details: {
      name: 'x',
      group: 'acid.zalan.do',
      kind: 'postgresql',
      causes: [{ reason: 'FieldValueRequired', message: 'Required value', field: 'a' }, { field: 'b' }, {}],
    },
  });
});

test('defaults fill absent members and nulls, also in what a default made', () => {
  const schema = spec({
    type: 'object',
    default: {},
    properties: {
      a: { type: 'string', default: 'A' },
      n: { type: 'string', nullable: true, default: 'N' },
      gone: { type: 'string' },
      list: { type: 'array', items: { type: 'object', properties: { p: { default: 1 } } } },
    },
  });
  const value = { spec: { x: { a: null, n: null, gone: null, list: [{}, { p: 2 }] } } };
  applyDefaults(schema, value);
  expect(value).toStrictEqual({ spec: { x: { a: 'A', n: null, list: [{ p: 1 }, { p: 2 }] } } });
  const empty = { spec: {} };
  applyDefaults(schema, empty);
  expect(empty).toEqual({ spec: { x: { a: 'A', n: 'N' } } });
  const none = {};
  applyDefaults(schema, none);
  expect(none).toEqual({});
});

test('prune removes and names what is unknown', () => {
  const schema: Schema = {
    type: 'object',
    properties: {
      spec: {
        type: 'object',
        properties: {
          list: { type: 'array', items: { type: 'object', properties: { a: {} } } },
          map: { type: 'object', additionalProperties: { type: 'object', properties: { a: {} } } },
          free: {
            type: 'object',
            'x-kubernetes-preserve-unknown-fields': true,
            properties: { k: { type: 'object' } },
          },
          pod: {
            type: 'object',
            'x-kubernetes-embedded-resource': true,
            properties: { spec: { type: 'object' } },
          },
        },
      },
    },
  };
  const value = {
    apiVersion: 'v1',
    kind: 'K',
    metadata: { name: 'n' },
    top: 1,
    spec: {
      foo: 1,
      list: [{ a: 1 }, { a: 1, b: 2 }],
      map: { any: { a: 1, c: 1 } },
      free: { z: 1, k: { q: 1 } },
      pod: { apiVersion: 'v1', kind: 'Pod', metadata: {}, spec: {}, status: {} },
    },
  };
  expect(prune(schema, value, { isResourceRoot: true }).map(unknownFieldMessage)).toEqual([
    'unknown field "top"',
    'unknown field "spec.foo"',
    'unknown field "spec.list[1].b"',
    'unknown field "spec.map.any.c"',
    'unknown field "spec.free.k.q"',
    'unknown field "spec.pod.status"',
  ]);
  expect(value.spec).toEqual({
    list: [{ a: 1 }, { a: 1 }],
    map: { any: { a: 1 } },
    free: { z: 1, k: {} },
    pod: { apiVersion: 'v1', kind: 'Pod', metadata: {}, spec: {} },
  });
});
