import { fieldsOf, postgresqlSchema, type JsonSchema, type Postgresql } from '@pgherd/api';
import { expect, test } from 'vitest';
import { testManifest } from '../testing/cluster.ts';
import { checkSchema } from './schema-check.ts';

const fields = fieldsOf(postgresqlSchema.properties?.['spec'] ?? {}, 'spec');

/** A value that no field of this type takes. */
function wrongFor(schema: JsonSchema): unknown {
  const isText = schema.type === 'string';
  return isText ? { wrong: 'object' } : 'wrong text';
}

/** An object with nothing in it but `value` at this path; lists have one element, maps one member `x`. */
function nested(parts: string[], value: unknown): unknown {
  const [first, ...rest] = parts;
  if (first === undefined) return value;
  if (first === '[]') return [nested(rest, value)];
  return { [first === '*' ? 'x' : first]: nested(rest, value) };
}

const partsOf = (path: string) => path.replaceAll('[]', '.[]').split('.').slice(1);

test.each(fields.map(({ path, schema }) => [path, schema] as const))(
  'a wrong %s is named',
  (path, schema) => {
    const base = testManifest();
    const change = nested(partsOf(path), wrongFor(schema)) as object;
    const manifest = { ...base, spec: { ...base.spec, ...change } } as Postgresql;
    const named = checkSchema(manifest).map(({ field, message }) => `${field}: ${message}`);
    const field = path.replaceAll('[]', '[0]').replaceAll('.*', '.x');
    expect(named).toContainEqual(expect.stringContaining(`${field}: Invalid value`));
  },
);
