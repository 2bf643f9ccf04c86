import { expect, test } from 'vitest';
import { fieldErrorMessage } from './field-error.ts';
import type { Schema } from './schema.ts';
import { structuralErrors } from './structural.ts';

const errors = (x: Schema): string[] =>
  structuralErrors({ type: 'object', properties: { x } }, 's').map(fieldErrorMessage);

test('a structural schema has no errors', () => {
  const anyOf = [{ type: 'integer' }, { type: 'string' }];
  expect(errors({ 'x-kubernetes-int-or-string': true, anyOf })).toEqual([]);
  expect(errors({ 'x-kubernetes-preserve-unknown-fields': true })).toEqual([]);
  expect(
    errors({
      type: 'object',
      properties: { a: { type: 'string', default: 'b' } },
      oneOf: [{ required: ['a'] }, { not: { properties: { a: { pattern: 'x' } } } }],
    }),
  ).toEqual([]);
});

test.each<[Schema, string]>([
  [{}, 's.properties[x].type: Required value: must not be empty for specified object fields'],
  [
    { type: 'frob' },
    's.properties[x].type: Unsupported value: "frob": supported values: "array", "boolean", "integer", "number", "object", "string"',
  ],
  [{ type: 'array' }, 's.properties[x].items: Required value: must be specified'],
  [
    { type: 'object', additionalProperties: { type: 'string' }, properties: { a: { type: 'string' } } },
    's.properties[x].additionalProperties: Forbidden: additionalProperties and properties are mutual exclusive',
  ],
  [
    { type: 'string', anyOf: [{ type: 'string' }] },
    's.properties[x].anyOf[0].type: Forbidden: must be empty to be structural',
  ],
  [
    { type: 'object', allOf: [{ properties: { a: {} } }] },
    's.properties[x].properties[a]: Required value: because it is defined in s.properties[x].allOf[0].properties[a]',
  ],
  [
    { type: 'string', 'x-kubernetes-validations': [{ rule: 'self' }] },
    's.properties[x].x-kubernetes-validations: Forbidden: CEL validation rules are not supported here: remove them, or use pattern, minimum, enum and the like',
  ],
  [
    { type: 'string', default: 1 },
    's.properties[x].default: Invalid value: "integer": s.properties[x].default in body must be of type string: "integer"',
  ],
  [
    { type: 'array', 'x-kubernetes-list-type': 'map', items: { type: 'object' } },
    's.properties[x].x-kubernetes-list-map-keys: Required value: must not be empty if x-kubernetes-list-type is map',
  ],
  [
    { type: 'string', pattern: '(' },
    's.properties[x].pattern: Invalid value: "(": must be a valid regular expression',
  ],
])('%j', (schema, message) => {
  expect(errors(schema)).toEqual([message]);
});

test('the root is an object', () => {
  expect(structuralErrors({}, 's').map(fieldErrorMessage)).toEqual([
    's.type: Required value: must not be empty at the root',
  ]);
});
