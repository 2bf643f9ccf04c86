import { expect, test } from 'vitest';
import { fieldSupport, isActedOn, unsupportedBootstrap, unsupportedFields } from './field-support.ts';
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
  expect(isActedOn('spec.volume.iops')).toBe(false);
  expect(isActedOn('spec.patroni.slots.*.*')).toBe(true);
  expect(isActedOn('spec.made.up')).toBe(false);
});

test('fields that are not acted on are named once, where they are', () => {
  const used = manifest({
    volume: { size: '1Gi', iops: 3000 },
    clone: { cluster: 'a', uid: 'b' },
    streams: [{ applicationId: 'a', database: 'd', tables: {} }],
  });
  expect(unsupportedFields(used).map(({ field }) => field)).toEqual([
    'spec.volume.iops',
    'spec.clone',
    'spec.streams',
  ]);
});

test('a field that asks for nothing is not worth a warning', () => {
  expect(
    unsupportedFields(manifest({ enableLogicalBackup: false, allowedSourceRanges: null, streams: [] })),
  ).toEqual([]);
});

test('a cluster that should begin as a copy is refused as long as it would begin empty', () => {
  expect(unsupportedBootstrap(manifest())).toEqual([]);
  const asked = unsupportedBootstrap(manifest({ clone: { cluster: 'a' }, standby: { standby_host: 'h' } }));
  expect(asked.map(({ field }) => field)).toEqual(
    ['spec.clone', 'spec.standby'].filter((field) => !isActedOn(field)),
  );
});
