import { expect, test } from 'vitest';
import { fieldErrorMessage } from '@pgherd/kube/schema';
import { placementErrors, type Placement } from './placement.ts';

const errors = (placement: object): string[] =>
  placementErrors(placement as Placement, 'spec').map((each) => fieldErrorMessage(each));
const required = 'requiredDuringSchedulingIgnoredDuringExecution';
const preferred = 'preferredDuringSchedulingIgnoredDuringExecution';
const nodeTerm = (requirement: object): object => ({
  affinity: { nodeAffinity: { [required]: { nodeSelectorTerms: [{ matchExpressions: [requirement] }] } } },
});
const podTerm = (term: object): object => ({
  affinity: { podAntiAffinity: { [required]: [{ topologyKey: 'kubernetes.io/hostname', ...term }] } },
});
const spread = (more: object): object => ({
  topologySpreadConstraints: [
    { maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule', ...more },
  ],
});

test('what a PostgreSQL operator writes is fine', () => {
  const labelSelector = { matchLabels: { 'cluster-name': 'acid' } };
  expect(
    errors({
      tolerations: [
        { key: 'postgres', operator: 'Exists', effect: 'NoSchedule' },
        { operator: 'Exists' },
        { key: 'a', value: 'b', effect: 'NoExecute', tolerationSeconds: 5 },
      ],
      ...spread({ labelSelector, minDomains: 2 }),
      affinity: {
        nodeAffinity: {
          [required]: {
            nodeSelectorTerms: [
              { matchExpressions: [{ key: 'lifecycle-status', operator: 'In', values: ['ready'] }] },
              { matchFields: [{ key: 'metadata.name', operator: 'In', values: ['n'] }] },
            ],
          },
        },
        podAntiAffinity: {
          [preferred]: [{ weight: 1, podAffinityTerm: { labelSelector, topologyKey: 'zone' } }],
        },
      },
    }),
  ).toEqual([]);
});

test.each([
  [
    { tolerations: [{ key: 'a', operator: 'Exists', value: 'x' }] },
    'spec.tolerations[0].operator: Invalid value',
  ],
  [{ tolerations: [{ value: 'x' }] }, 'operator must be Exists when `key` is empty'],
  [{ tolerations: [{ key: 'a b' }] }, 'spec.tolerations[0].key: Invalid value: "a b"'],
  [{ tolerations: [{ key: 'a', operator: 'Gt' }] }, 'supported values: "Equal", "Exists"'],
  [
    { tolerations: [{ key: 'a', effect: 'Never' }] },
    'supported values: "NoSchedule", "PreferNoSchedule", "NoExecute"',
  ],
  [{ tolerations: [{ key: 'a', tolerationSeconds: 5 }] }, "effect must be 'NoExecute'"],
  [
    spread({ maxSkew: 0 }),
    'spec.topologySpreadConstraints[0].maxSkew: Invalid value: 0: must be greater than zero',
  ],
  [
    spread({ topologyKey: '' }),
    'spec.topologySpreadConstraints[0].topologyKey: Required value: can not be empty',
  ],
  [spread({ whenUnsatisfiable: 'Wait' }), 'supported values: "DoNotSchedule", "ScheduleAnyway"'],
  [spread({ minDomains: 0 }), 'minDomains: Invalid value: 0'],
  [spread({ minDomains: 2, whenUnsatisfiable: 'ScheduleAnyway' }), 'can only use minDomains if'],
  [nodeTerm({ key: 'a', operator: 'In' }), 'matchExpressions[0].values: Required value'],
  [nodeTerm({ key: 'a', operator: 'Exists', values: ['x'] }), 'matchExpressions[0].values: Forbidden'],
  [nodeTerm({ key: 'a', operator: 'Gt', values: ['1', '2'] }), 'must be specified single value'],
  [nodeTerm({ key: 'a', operator: 'Is' }), 'not a valid selector operator'],
  [
    { affinity: { nodeAffinity: { [required]: { nodeSelectorTerms: [] } } } },
    'must have at least one node selector term',
  ],
  [
    { affinity: { nodeAffinity: { [preferred]: [{ weight: 0, preference: {} }] } } },
    'must be in the range 1-100',
  ],
  [podTerm({ topologyKey: '' }), 'topologyKey: Required value: can not be empty'],
  [
    podTerm({ labelSelector: { matchLabels: { a: 'b c' } } }),
    'labelSelector.matchLabels: Invalid value: "b c"',
  ],
  [podTerm({ namespaces: ['A'] }), '.namespace: Invalid value: "A"'],
])('%j is refused', (placement, wanted) => {
  expect(errors(placement).join()).toContain(wanted);
});

test('the same spread twice', () => {
  const [one] = (spread({}) as { topologySpreadConstraints: object[] }).topologySpreadConstraints;
  expect(errors({ topologySpreadConstraints: [one, one] })).toEqual([
    expect.stringContaining('[1].{topologyKey, whenUnsatisfiable}: Duplicate value'),
  ]);
});
