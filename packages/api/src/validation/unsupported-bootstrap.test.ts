import { expect, test } from 'vitest';
import { defaultConfiguration } from '../configuration/assemble.ts';
import { isOwnImage } from '../own-image.ts';
import type { PostgresqlSpec } from '../postgresql/spec.ts';
import { manifest } from '../testing.ts';
import { unsupportedBootstrap } from './unsupported-bootstrap.ts';

const timestamp = '2026-01-02T03:04:05+00:00';
const spilo = 'ghcr.io/zalando/spilo-18:4.1-p2';

test.each<[Partial<PostgresqlSpec>, string[]]>([
  [{}, []],
  [{ clone: { cluster: 'a' } }, []],
  [{ standby: { standby_host: 'h' } }, []],
  [{ standby: { standby_host: 'h', s3_wal_path: 's3://x' } }, []],
  [{ clone: { cluster: 'a', timestamp } }, ['spec.clone.timestamp']],
  [{ standby: { s3_wal_path: 's3://x' } }, ['spec.standby.s3_wal_path']],
  [{ standby: { gs_wal_path: 'gs://x' } }, ['spec.standby.gs_wal_path']],
])('%j needs what the own image cannot do: %j', (spec, expected) => {
  const fields = (dockerImage?: string) =>
    unsupportedBootstrap(
      manifest({ ...spec, ...(dockerImage === undefined ? {} : { dockerImage }) }),
      defaultConfiguration(),
    ).map(({ field }) => field);
  expect(fields()).toEqual(expected);
  expect(fields('registry.example.org:5000/mirror/pgherd/postgres:17')).toEqual(expected);
  expect(fields(spilo)).toEqual([]);
});

test.each([
  ['localhost/pgherd/postgres:17', true],
  ['pgherd/postgres', true],
  ['x/pgherd/postgres@sha256:1', true],
  [spilo, false],
  ['notpgherd/postgres:17', false],
  ['pgherd/postgres-exporter:1', false],
])('%s is our image: %s', (image, expected) => {
  expect(isOwnImage(image)).toBe(expected);
});
