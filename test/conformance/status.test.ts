import { expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { patchTypes, useLab, type Loose } from '../support/lab.ts';

// https://kubernetes.io/docs/concepts/overview/working-with-objects/#object-spec-and-status
const lab = useLab('status');
const budgets = (...rest: string[]): string => lab.in('policy/v1', 'poddisruptionbudgets', ...rest);
const make = (name: string): Promise<Loose> =>
  lab.ok('POST', budgets(), {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name },
    spec: { minAvailable: 1, selector: { matchLabels: { app: name } } },
    status: { desiredHealthy: 99 },
  });

test('generation counts changes of the spec only (reference/kubernetes-api/common-definitions/object-meta)', async () => {
  const first = await make('counts');
  expect(first.metadata.generation).toBe(1);
  const labelled = await lab.ok(
    'PATCH',
    budgets('counts'),
    { metadata: { labels: { a: 'b' } } },
    patchTypes.merge,
  );
  expect(labelled.metadata.generation).toBe(1);
  const changed = await lab.ok('PATCH', budgets('counts'), { spec: { minAvailable: 2 } }, patchTypes.merge);
  expect(changed.metadata.generation).toBe(2);
  const condition = {
    type: 'Test',
    status: 'True',
    reason: 'Test',
    message: '',
    lastTransitionTime: '2024-01-01T00:00:00Z',
  };
  const status = await lab.ok(
    'PATCH',
    budgets('counts', 'status'),
    { status: { conditions: [condition] } },
    patchTypes.merge,
  );
  expect(status.metadata.generation).toBe(2);
});

test('status is not set by create nor by update (working-with-objects/#object-spec-and-status)', async () => {
  const created = await make('isolated');
  expect(created.status.desiredHealthy).not.toBe(99);
  const updated = await lab.ok(
    'PATCH',
    budgets('isolated'),
    { status: { desiredHealthy: 98 } },
    patchTypes.merge,
  );
  expect(updated.status?.desiredHealthy).not.toBe(98);
});

test('the status subresource changes nothing but status (custom-resource-definitions/#status-subresource; api-conventions)', async () => {
  const first = await make('separate');
  const body = {
    ...first,
    spec: { ...first.spec, minAvailable: 7 },
    status: { ...first.status, expectedPods: 41 },
  };
  const { metadata: _, ...rest } = body;
  // The controller of budgets writes the status, too; then this version is a conflict.
  const answer = await eventually('nobody writes in between', async () => {
    const { metadata } = await lab.ok('GET', budgets('separate'));
    return lab.ok('PUT', budgets('separate', 'status'), { ...rest, metadata });
  });
  expect(answer.spec.minAvailable).toBe(1);
  expect(answer.metadata.generation).toBe(1);
});
