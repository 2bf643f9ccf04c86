import { ApiError, podDisruptionBudgets, pods } from '@pgherd/kube/objects';
import type { Pod, PodDisruptionBudget } from '@pgherd/kube/objects';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openRegistry, type LocalRegistry } from './open-registry.ts';

let registry: LocalRegistry;

beforeEach(() => {
  registry = openRegistry({ path: ':memory:' });
  const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default' } };
  registry.create({ group: '', version: 'v1', plural: 'serviceaccounts' }, 'default', account);
});
afterEach(() => registry.close());

const make = (name: string, phase: string, ready = false): void => {
  const pod = registry.create(pods, 'default', {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, labels: { app: 'db' } },
    spec: { nodeName: 'n', containers: [{ name: 'c', image: 'i' }] },
  });
  const conditions = [{ type: 'Ready', status: ready ? 'True' : 'False' }];
  registry.update(
    pods,
    'default',
    name,
    { ...pod, status: { phase, conditions } },
    { subresource: 'status' },
  );
};
/** A budget that allows no more disruption. */
const budget = (spec: object, status: object): void => {
  const made = registry.create(podDisruptionBudgets, 'default', {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name: 'b' },
    spec: { minAvailable: 1, selector: { matchLabels: { app: 'db' } }, ...spec },
  }) as PodDisruptionBudget;
  registry.update(
    podDisruptionBudgets,
    'default',
    'b',
    { ...made, status: { observedGeneration: 1, disruptionsAllowed: 0, expectedPods: 1, ...status } },
    { subresource: 'status' },
  );
};
const evict = (name: string, dryRun = false): number => {
  const eviction = {
    apiVersion: 'policy/v1',
    kind: 'Eviction',
    metadata: { name, namespace: 'default' },
    ...(dryRun ? { deleteOptions: { dryRun: ['All'] } } : {}),
  };
  try {
    registry.create(pods, 'default', eviction, { subresource: 'eviction' });
    return 201;
  } catch (error) {
    if (error instanceof ApiError) return error.code;
    throw error;
  }
};
const get = (name: string): Pod => registry.get(pods, 'default', name) as Pod;

test('a pod that goes by eviction says so; a dry run changes nothing', () => {
  make('p', 'Running', true);
  expect(evict('p', true)).toBe(201);
  expect(get('p').metadata.deletionTimestamp).toBeUndefined();
  expect(get('p').status?.conditions?.map(({ type }) => type)).toEqual(['Ready']);
  expect(evict('p')).toBe(201);
  expect(get('p').metadata.deletionTimestamp).toBeDefined();
  expect(get('p').status?.conditions?.at(-1)).toMatchObject({
    type: 'DisruptionTarget',
    reason: 'EvictionByEvictionAPI',
  });
});

test('a budget guards pods that run, not those that never did or have ended', () => {
  budget({}, { currentHealthy: 1, desiredHealthy: 1 });
  make('serving', 'Running', true);
  make('pending', 'Pending');
  make('ended', 'Succeeded');
  expect([evict('serving'), evict('pending'), evict('ended')]).toEqual([429, 201, 201]);
});

test('a pod that is not ready may go while the others are enough, or when the budget says so', () => {
  budget({}, { currentHealthy: 1, desiredHealthy: 1 });
  make('ill', 'Running');
  expect(evict('ill')).toBe(201);
  registry.delete(podDisruptionBudgets, 'default', 'b');
  budget({}, { currentHealthy: 0, desiredHealthy: 1 });
  make('last', 'Running');
  expect(evict('last')).toBe(429);
  registry.delete(podDisruptionBudgets, 'default', 'b');
  budget({ unhealthyPodEvictionPolicy: 'AlwaysAllow' }, { currentHealthy: 0, desiredHealthy: 1 });
  expect(evict('last')).toBe(201);
});
