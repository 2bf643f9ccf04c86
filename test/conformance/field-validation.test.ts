import { expect, test } from 'vitest';
import { useLab, type Answer } from '../support/lab.ts';

// https://kubernetes.io/docs/reference/using-api/api-concepts/#field-validation
const lab = useLab('field-validation');
const path = (...rest: string[]): string => lab.in('v1', 'services', ...rest);
const service = (name: string) => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name },
  spec: { ports: [{ port: 80 }], misspelt: true },
});
const post = (mode: string, body: unknown): Promise<Answer> =>
  lab.request('POST', `${path()}${mode === '' ? '' : `?fieldValidation=${mode}`}`, { body });

test('Strict refuses unknown fields and names them (using-api/api-concepts/#field-validation)', async () => {
  const { code, body } = await post('Strict', service('strict'));
  expect(code).toBe(400);
  expect(body.message).toContain('strict decoding error: unknown field "spec.misspelt"');
});

test('Warn, the default, drops them and warns (using-api/api-concepts/#field-validation)', async () => {
  for (const mode of ['Warn', '']) {
    const { code, body, headers } = await post(mode, service(`warn${mode.toLowerCase()}`));
    expect(code).toBe(201);
    expect(body.spec.misspelt).toBeUndefined();
    expect(String(headers['warning'])).toContain('299 - "unknown field \\"spec.misspelt\\""');
  }
});

test('Ignore drops them silently (using-api/api-concepts/#field-validation)', async () => {
  const { code, body, headers } = await post('Ignore', service('ignore'));
  expect(code).toBe(201);
  expect(body.spec.misspelt).toBeUndefined();
  expect(headers['warning']).toBeUndefined();
});

test('duplicate fields are told too (using-api/api-concepts/#field-validation)', async () => {
  const body =
    '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"dup"},"data":{"a":"1"},"data":{"b":"2"}}';
  const strict = await lab.request('POST', `${lab.in('v1', 'configmaps')}?fieldValidation=Strict`, { body });
  expect(strict.code).toBe(400);
  expect(strict.body.message).toContain('duplicate field "data"');
});

test('patches are validated as well (using-api/api-concepts/#field-validation)', async () => {
  await post('Ignore', service('patched'));
  const body = { spec: { misspelt: 1 } };
  const type = 'application/merge-patch+json';
  const strict = await lab.request('PATCH', `${path('patched')}?fieldValidation=Strict`, { body, type });
  expect(strict.code).toBe(400);
  expect(strict.body.message).toContain('unknown field "spec.misspelt"');
});

test('an unknown mode is refused (using-api/api-concepts/#field-validation)', async () => {
  expect((await post('Sometimes', service('mode'))).code).toBe(422);
});

test('wrong types are refused in every mode (using-api/api-concepts/#field-validation)', async () => {
  const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'types' }, data: { a: 1 } };
  for (const mode of ['Strict', 'Warn', 'Ignore']) {
    const answer = await lab.request('POST', `${lab.in('v1', 'configmaps')}?fieldValidation=${mode}`, {
      body,
    });
    expect(answer.code, mode).toBe(400);
  }
});
