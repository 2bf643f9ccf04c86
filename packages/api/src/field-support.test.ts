import { expect, test } from 'vitest';
import { fieldSupport, isActedOn, unsupportedFields } from './field-support.ts';
import { specNode } from './postgresql/spec.ts';
import { fieldsOf } from './schema/fields.ts';
import { manifest } from './testing.ts';

const paths = fieldsOf(specNode.schema, 'spec').map(({ path }) => path);

test('every field of the manifest is in the table, itself or by a field above it', () => {
  const uncovered = paths.filter(
    (path) =>
      !Object.keys(fieldSupport).some(
        (entry) => path === entry || (/^[.[]/.test(path.slice(entry.length)) && path.startsWith(entry)),
      ),
  );
  expect(uncovered).toEqual([]);
});

test('every entry of the table is a field', () => {
  expect(Object.keys(fieldSupport).filter((entry) => !paths.includes(entry))).toEqual([]);
});

test('the longest path decides', () => {
  expect(isActedOn('spec.volume.size')).toBe(true);
  expect(isActedOn('spec.streams[].tables.*')).toBe(false);
  expect(isActedOn('spec.patroni.slots.*.*')).toBe(true);
  expect(isActedOn('spec.made.up')).toBe(false);
});

test('fields that are not acted on are named once, where they are', () => {
  const used = manifest({
    volume: { size: '1Gi', iops: 3000 },
    streams: [{ applicationId: 'a', database: 'd', tables: {} }],
  });
  expect(unsupportedFields(used).map(({ field }) => field)).toEqual(['spec.streams']);
});

test('a field that asks for nothing is not worth a warning', () => {
  expect(
    unsupportedFields(manifest({ enableLogicalBackup: false, allowedSourceRanges: null, streams: [] })),
  ).toEqual([]);
});
