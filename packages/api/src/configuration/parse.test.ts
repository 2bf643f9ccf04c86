import fc from 'fast-check';
import { expect, test } from 'vitest';
import { defaultConfiguration } from './assemble.ts';
import { parseConfiguration } from './parse.ts';
import { parseDuration } from './value.ts';

test('nothing configured is valid and means the defaults', () => {
  const { configuration, problems } = parseConfiguration({});
  expect(problems).toEqual([]);
  expect(configuration).toEqual(defaultConfiguration());
  expect(configuration).toMatchObject({
    kubernetes_use_configmaps: false,
    super_username: 'postgres',
    cluster_labels: { application: 'spilo' },
    pod_terminate_grace_period: 300_000,
    spilo_runasuser: 101,
    default_cpu_limit: undefined,
  });
});

test('values of every kind', () => {
  const { configuration, problems } = parseConfiguration({
    docker_image: 'registry.example/postgres:17',
    kubernetes_use_configmaps: 'true',
    max_instances: '0x10',
    pod_terminate_grace_period: '1h30m',
    cluster_labels: 'application:spilo,env:prod',
    custom_pod_annotations: 'url:https://example.org/a:b',
    inherited_labels: 'a, b',
    pod_management_policy: 'parallel',
    spilo_runasuser: '',
    watched_namespace: '*',
  });
  expect(problems).toEqual([]);
  expect(configuration).toMatchObject({
    docker_image: 'registry.example/postgres:17',
    kubernetes_use_configmaps: true,
    max_instances: 16,
    pod_terminate_grace_period: 5_400_000,
    cluster_labels: { application: 'spilo', env: 'prod' },
    custom_pod_annotations: { url: 'https://example.org/a:b' },
    inherited_labels: ['a', 'b'],
    pod_management_policy: 'parallel',
    spilo_runasuser: undefined,
    watched_namespace: '*',
  });
});

test.each([
  [{ enable_finalizers: 'yes' }, 'error enable_finalizers'],
  [{ resync_period: '30' }, 'error resync_period'],
  [{ resync_period: '-5m' }, 'error resync_period'],
  [{ max_instances: 'many' }, 'error max_instances'],
  [{ max_instances: '-2' }, 'error max_instances'],
  [{ workers: '0' }, 'error workers'],
  [{ cluster_labels: 'application' }, 'error cluster_labels'],
  [{ pod_management_policy: 'both' }, 'error pod_management_policy'],
  [{ min_instances: '3', max_instances: '2' }, 'error min_instances'],
  [{ replication_username: 'postgres' }, 'error replication_username'],
  [{ secret_name_template: '{username}' }, 'error secret_name_template'],
  [{ cluster_name_label: '' }, 'error cluster_name_label'],
  [
    { persistent_volume_claim_retention_policy: 'when_deleted:burn' },
    'error persistent_volume_claim_retention_policy',
  ],
  [{ enable_finalizers: '' }, 'warning enable_finalizers'],
  [{ workerz: '8' }, 'warning workerz'],
  [{ minimal_major_version: '15' }, 'warning minimal_major_version'],
])('%o: %s', (data, expected) => {
  const { configuration, problems } = parseConfiguration(data);
  expect(problems.map(({ severity, field }) => `${severity} ${field}`)).toEqual([expected]);
  // Whatever is wrong, the rest is there.
  expect(Object.keys(configuration)).toEqual(Object.keys(defaultConfiguration()));
});

test('defaults are never shared between two configurations', () => {
  parseConfiguration({}).configuration.cluster_labels['changed'] = 'x';
  expect(defaultConfiguration().cluster_labels).toEqual({ application: 'spilo' });
});

test('durations as Go writes them', () => {
  const units = [
    ['h', 3_600_000],
    ['m', 60_000],
    ['s', 1000],
    ['ms', 1],
  ] as const;
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(999), fc.constantFrom(...units)), { minLength: 1 }), (parts) => {
      const text = parts.map(([amount, [unit]]) => `${amount}${unit}`).join('');
      expect(parseDuration(text)).toBe(parts.reduce((sum, [amount, [, size]]) => sum + amount * size, 0));
    }),
  );
  expect(parseDuration('0')).toBe(0);
  expect(parseDuration('1.5h')).toBe(5_400_000);
  for (const wrong of ['', 's', '5', '5 m', '5x', '1h-5m'])
    expect(() => parseDuration(wrong)).toThrow('duration');
});

test('any text is taken or refused, never an exception', () => {
  const names = fc.constantFrom(...Object.keys(defaultConfiguration()), '__proto__', 'constructor');
  fc.assert(
    fc.property(fc.dictionary(names, fc.string()), (data) => {
      expect(Object.keys(parseConfiguration(data).configuration)).toEqual(
        Object.keys(defaultConfiguration()),
      );
    }),
  );
});
