import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { hasLocalFile, withLocalFile } from './local-file.ts';
import { parseSettings } from './settings.ts';

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'pgherd-local-file-'));
});
afterAll(() => {
  rmSync(directory, { recursive: true });
});

const settings = parseSettings({
  DCS_ENABLE_KUBERNETES_API: 'true',
  SCOPE: 'demo',
  HOSTNAME: 'demo-0',
  POD_IP: '10.0.0.7',
  PGPASSWORD_SUPERUSER: 'x',
  PGPASSWORD_STANDBY: 'y',
  SPILO_CONFIGURATION:
    '{"postgresql":{"bin_dir":"/b","parameters":{"log_filename":"a"}},"bootstrap":{"initdb":[]}}',
});

function overrideWith(text: string | undefined): unknown {
  const path = join(directory, 'postgresql.json');
  rmSync(path, { force: true });
  if (text !== undefined) writeFileSync(path, text);
  return withLocalFile(settings, path).override;
}

test('the file is laid over the variable, parameter by parameter', () => {
  expect(overrideWith('{"parameters":{"shared_buffers":"64MB"},"pg_hba":["local all all trust"]}')).toEqual({
    postgresql: {
      bin_dir: '/b',
      parameters: { log_filename: 'a', shared_buffers: '64MB' },
      pg_hba: ['local all all trust'],
    },
    bootstrap: { initdb: [] },
  });
});

test('a file that is empty or missing says nothing', () => {
  expect(overrideWith('')).toEqual(settings.override);
  expect(overrideWith(undefined)).toEqual(settings.override);
});

test.each(['{', '[]', '"x"', 'null'])('%s is told, with where it comes from', (text) => {
  expect(() => overrideWith(text)).toThrow(/postgresql\.json.*is no JSON object.*pgherd\.dev\/postgresql/);
});

test('only pods with the directory are watched', () => {
  expect(hasLocalFile(join(directory, 'postgresql.json'))).toBe(true);
  expect(hasLocalFile(join(directory, 'none', 'postgresql.json'))).toBe(false);
});
