import { expect, test } from 'vitest';
import { nothingHeld, take, type Found, type Held } from './held.ts';
import { originOf } from './origin.ts';
import { statusOf } from './report.ts';

const overrides = { environment: {} };
const good: Found = { type: 'ConfigMap', content: { workers: '3' } };

function after(...found: Found[]): Held {
  return found.reduce((held, each) => take(held, each, overrides), nothingHeld);
}

test.each<[string, Found, string]>([
  ['a wrong value', { type: 'ConfigMap', content: { workers: '0', min_instances: '2' } }, 'workers: '],
  ['no mapping', { type: 'ConfigMap', content: ['workers'] }, 'data: '],
  ['no settings', { type: 'OperatorConfiguration', content: { spec: {} } }, 'configuration: '],
  ['nothing', { type: 'missing' }, 'it is not there'],
  ['no YAML', { type: 'unreadable', why: 'Nested mappings are not allowed' }, 'Nested mappings'],
])('%s changes nothing, and is named', (_, wrong, named) => {
  expect(after(wrong).settings).toBeUndefined();
  const { settings, errors } = after(good, wrong);
  expect(settings?.configuration).toMatchObject({ workers: 3, min_instances: -1 });
  expect(errors.join()).toContain(named);
  expect(after(good, wrong, { type: 'ConfigMap', content: { workers: '4' } })).toMatchObject({
    settings: { configuration: { workers: 4 } },
    errors: [],
  });
});

test('a key that nobody knows is a warning, and the rest is in force', () => {
  const { settings, errors, warnings } = after({
    type: 'ConfigMap',
    content: { workerz: '1', workers: '2' },
  });
  expect([settings?.configuration.workers, errors]).toEqual([2, []]);
  expect(warnings).toEqual([expect.stringContaining('workerz: ')]);
  expect([...(settings?.named ?? [])]).toEqual(['workers']);
});

test('the environment wins, and can be wrong', () => {
  const environment = { WATCHED_NAMESPACE: 'a, b' };
  const held = take(nothingHeld, { type: 'ConfigMap', content: { watched_namespace: '*' } }, { environment });
  expect(held.settings?.configuration.watched_namespace).toBe('a,b');
  const wrong = take(held, good, { environment: { WATCHED_NAMESPACE: 'A/B' } });
  expect(wrong).toMatchObject({
    settings: held.settings,
    errors: [expect.stringContaining('WATCHED_NAMESPACE: ')],
  });
});

test('a credential is in no message', () => {
  const { errors, warnings } = after({
    type: 'OperatorConfiguration',
    content: { configuration: { logical_backup: { logical_backup_s3_secret_access_key: { a: 'hunter2' } } } },
  });
  expect(errors).toHaveLength(1);
  expect([...errors, ...warnings].join()).not.toContain('hunter2');
});

test('the environment says where the configuration is', () => {
  const [map, object] = [{ CONFIG_MAP_NAME: 'x/pg' }, { POSTGRES_OPERATOR_CONFIGURATION_OBJECT: 'mine' }];
  expect(originOf(map, 'own')).toEqual({ type: 'ConfigMap', namespace: 'x', name: 'pg' });
  expect(originOf({ CONFIG_MAP_NAME: 'pg' }, 'own')).toEqual({
    type: 'ConfigMap',
    namespace: 'own',
    name: 'pg',
  });
  expect(originOf({ ...map, ...object }, 'own')).toEqual({
    type: 'OperatorConfiguration',
    namespace: 'own',
    name: 'mine',
  });
  expect(originOf({ CONFIG_MAP_NAME: ' ' }, 'own')).toEqual({ type: 'defaults' });
});

test('the condition says what is in force, and since when that is so', () => {
  const wrong = after({ type: 'missing' });
  const first = statusOf(wrong, 'it is wrong', 1, undefined, 'then');
  expect(first.conditions).toMatchObject([
    { type: 'Valid', status: 'False', reason: 'NothingInForce', lastTransitionTime: 'then' },
  ]);
  const still = statusOf(after(good, { type: 'missing' }), 'it is wrong', 2, first, 'later');
  expect(still).toMatchObject({
    observedGeneration: 2,
    conditions: [{ reason: 'LastGoodInForce', lastTransitionTime: 'then' }],
  });
  const right = statusOf(after(good), undefined, 3, still, 'now');
  expect(right.conditions).toMatchObject([{ status: 'True', reason: 'InForce', lastTransitionTime: 'now' }]);
});
