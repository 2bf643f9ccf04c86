import { expect, test } from 'vitest';
import { testConfiguration, testManifest, testRemembered } from '../testing/cluster.ts';
import { affinityOf, nodeAffinity } from './affinity.ts';

const term = { matchExpressions: [{ key: 'disk', operator: 'In', values: ['ssd'] }] };
const ready = { key: 'lifecycle', operator: 'In', values: ['ready'] };

function affinity(changes: Parameters<typeof testConfiguration>[0], spec = {}) {
  const configuration = testConfiguration(changes);
  return affinityOf({ manifest: testManifest(spec), configuration, remembered: testRemembered() });
}

test('without anything there is no affinity', () => {
  expect(affinity({})).toBeUndefined();
});

test('anti-affinity is a condition, or a wish of weight 1', () => {
  const podAffinityTerm = {
    labelSelector: { matchLabels: { application: 'spilo', 'cluster-name': 'acid-demo', team: 'acid' } },
    topologyKey: 'zone',
  };
  const changes = { enable_pod_antiaffinity: true, pod_antiaffinity_topology_key: 'zone' };
  expect(affinity(changes)).toEqual({
    podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [podAffinityTerm] },
  });
  expect(affinity({ ...changes, pod_antiaffinity_preferred_during_scheduling: true })).toEqual({
    podAntiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, podAffinityTerm }] },
  });
});

test('the readiness label alone is required where the manifest requires nothing', () => {
  const preferred = [{ weight: 1, preference: term }];
  const own = { preferredDuringSchedulingIgnoredDuringExecution: preferred };
  expect(nodeAffinity(testConfiguration({ node_readiness_label: { lifecycle: 'ready' } }), own)).toEqual({
    ...own,
    requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions: [ready] }] },
  });
});

test('OR makes the readiness label one more term, AND adds it to every term and keeps matchFields', () => {
  const fields = { matchFields: [{ key: 'metadata.name', operator: 'In', values: ['node-1'] }] };
  const own = { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [term, fields] } };
  const terms = (merge: 'OR' | 'AND') =>
    nodeAffinity(
      testConfiguration({
        node_readiness_label: { lifecycle: 'ready' },
        node_readiness_label_merge: merge,
      }),
      own,
    )?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
  expect(terms('OR')).toEqual([term, fields, { matchExpressions: [ready] }]);
  expect(terms('AND')).toEqual([
    { matchExpressions: [...term.matchExpressions, ready] },
    { ...fields, matchExpressions: [ready] },
  ]);
});

test('several readiness labels have one order, whatever that of the configuration', () => {
  const of = (node_readiness_label: Record<string, string>) =>
    JSON.stringify(affinity({ node_readiness_label }));
  expect(of({ b: '2', a: '1' })).toBe(of({ a: '1', b: '2' }));
});
