import { expect, test } from 'vitest';
import { testConfiguration, testManifest } from '../testing/cluster.ts';
import { missingConsent } from './consent.ts';

const now = Date.parse('2026-03-04T23:59:59Z');

function missing(keys: Parameters<typeof testConfiguration>[0], annotations: Record<string, string>) {
  const manifest = testManifest();
  const confirmed = { ...manifest, metadata: { ...manifest.metadata, annotations } };
  return missingConsent(confirmed, testConfiguration(keys), now);
}

test('without configured annotations nothing has to be confirmed', () => {
  expect(missing({}, {})).toBeUndefined();
});

test("the day and the cluster's name confirm, and nothing else does", () => {
  const keys = { delete_annotation_date_key: 'delete-date', delete_annotation_name_key: 'delete-name' };
  expect(missing(keys, {})).toBe('delete-date=2026-03-04 and delete-name=acid-demo');
  expect(missing(keys, { 'delete-date': '2026-03-05', 'delete-name': 'acid-demo' })).toBe(
    'delete-date=2026-03-04',
  );
  expect(missing(keys, { 'delete-date': '2026-03-04', 'delete-name': 'other' })).toBe(
    'delete-name=acid-demo',
  );
  expect(missing(keys, { 'delete-date': '2026-03-04', 'delete-name': 'acid-demo' })).toBeUndefined();
});
