import { expect, test } from 'vitest';
import { differences, renderedOne, type TestInput } from '../testing/rendered.ts';

const primary = 'PodDisruptionBudget postgres-acid-demo-pdb';
const critical = 'PodDisruptionBudget postgres-acid-demo-critical-op-pdb';

test('evictions spare the primary, and everybody during a critical operation', () => {
  const labels = { application: 'spilo', 'cluster-name': 'acid-demo' };
  expect(renderedOne(primary)['spec']).toEqual({
    minAvailable: 1,
    selector: { matchLabels: { ...labels, 'spilo-role': 'master' } },
  });
  expect(renderedOne(critical)['spec']).toEqual({
    maxUnavailable: 0,
    selector: { matchLabels: { ...labels, 'critical-operation': 'true' } },
  });
});

test.each<[string, TestInput]>([
  ['switched off', { configuration: { enable_pod_disruption_budget: false } }],
  ['without members', { spec: { numberOfInstances: 0 } }],
  ['without members because of the limits', { configuration: { max_instances: 0 } }],
])('%s they are there and allow everything', (_what, input) => {
  expect(renderedOne(primary, input)['spec']).toMatchObject({ minAvailable: 0 });
  expect(renderedOne(critical, input)['spec']).toMatchObject({ maxUnavailable: '100%' });
});

test('members that are there because of the limits are protected', () => {
  const input: TestInput = { spec: { numberOfInstances: 0 }, configuration: { min_instances: 2 } };
  expect(renderedOne(primary, input)['spec']).toMatchObject({ minAvailable: 1 });
  expect(renderedOne(critical, input)['spec']).toMatchObject({ maxUnavailable: 0 });
});

test.each([
  [undefined, 2],
  [0, 2],
  [1, 2],
  [2, 3],
])(
  'strict synchronous mode with %s standbys needs %i members where the budget covers all',
  (count, needed) => {
    const spec = {
      patroni: {
        synchronous_mode: true,
        synchronous_mode_strict: true,
        ...(count === undefined ? {} : { synchronous_node_count: count }),
      },
    };
    const configuration = { pdb_master_label_selector: false };
    expect(renderedOne(primary, { spec, configuration })['spec']).toEqual({
      minAvailable: needed,
      selector: { matchLabels: { application: 'spilo', 'cluster-name': 'acid-demo' } },
    });
    expect(renderedOne(primary, { spec })['spec']).toMatchObject({ minAvailable: 1 });
  },
);

test('pdb_name_format names that of the primary', () => {
  expect(differences({}, { configuration: { pdb_name_format: 'pdb-{cluster}' } })).toEqual([
    primary,
    'PodDisruptionBudget pdb-acid-demo',
  ]);
});
