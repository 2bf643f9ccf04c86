import { expect, test } from 'vitest';
import type { Pod, StatefulSet } from '@pgherd/kube/objects';
import { webSet } from '../test-cluster.ts';
import { planStatefulSet } from './plan.ts';
import type { Plan } from './plan.ts';
import { statusOf } from './status.ts';

const NOW = Date.parse('2026-01-01T00:01:00Z');
const pod = (ordinal: number, revision = 'new', readySince = '2026-01-01T00:00:00Z'): Pod => ({
  metadata: { name: `web-${ordinal}`, labels: { 'controller-revision-hash': revision } },
  status: {
    phase: 'Running',
    conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: readySince }],
  },
});
const observed = (set: StatefulSet, pods: Pod[]) => ({
  set,
  pods,
  currentRevision: 'old',
  updateRevision: 'new',
  now: NOW,
});
const plan = (spec: Partial<NonNullable<StatefulSet['spec']>>, pods: Pod[]): Plan =>
  planStatefulSet(observed(webSet(spec), pods));
/** What changes something, in short. */
const steps = ({ actions }: Plan): string[] =>
  actions.flatMap((action) => {
    if (action.kind === 'create') return [`create ${action.ordinal} ${action.revision}`];
    return action.kind === 'delete' ? [`delete ${action.pod.metadata.name} ${action.why}`] : [];
  });

test('minReadySeconds: the next pod waits until the one before is available, and is looked at then', () => {
  const fresh = plan({ replicas: 2, minReadySeconds: 30 }, [pod(0, 'new', '2026-01-01T00:00:50Z')]);
  expect(steps(fresh)).toEqual([]);
  expect(fresh.recheckMs).toBe(20_000);
  expect(steps(plan({ replicas: 2, minReadySeconds: 30 }, [pod(0)]))).toEqual(['create 1 new']);
});

test('minReadySeconds: the update of the next pod waits too', () => {
  const pods = [pod(0, 'old'), pod(1, 'new', '2026-01-01T00:00:59Z')];
  const spec = { replicas: 2, minReadySeconds: 5, podManagementPolicy: 'Parallel' };
  expect(steps(plan(spec, pods))).toEqual([]);
  expect(steps(plan({ ...spec, minReadySeconds: 1 }, pods))).toEqual(['delete web-0 outdated']);
});

test('the partition counts from the first ordinal', () => {
  const spec = {
    replicas: 3,
    ordinals: { start: 10 },
    updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 2 } },
  };
  expect(steps(plan(spec, [pod(10, 'old'), pod(11, 'old'), pod(12, 'old')]))).toEqual([
    'delete web-12 outdated',
  ]);
  expect(steps(plan({ ...spec, podManagementPolicy: 'Parallel' }, []))).toEqual([
    'create 10 old',
    'create 11 old',
    'create 12 new',
  ]);
});

test('Parallel updates one at a time as well', () => {
  const pods = [pod(0, 'old'), pod(1, 'old'), pod(2, 'old')];
  expect(steps(plan({ replicas: 3, podManagementPolicy: 'Parallel' }, pods))).toEqual([
    'delete web-2 outdated',
  ]);
});

test('the status counts pods by revision, readiness and availability', () => {
  const pods = [pod(0, 'old'), pod(1, 'new', '2026-01-01T00:00:55Z')];
  const { status, recheckMs } = statusOf(observed(webSet({ replicas: 2, minReadySeconds: 10 }), pods), 0);
  expect(status).toMatchObject({
    replicas: 2,
    readyReplicas: 2,
    availableReplicas: 1,
    currentReplicas: 1,
    updatedReplicas: 1,
    currentRevision: 'old',
    updateRevision: 'new',
  });
  expect(recheckMs).toBe(5000);
});

test('once all pods are new and ready, the new revision is the current one', () => {
  const { status } = statusOf(observed(webSet({ replicas: 2 }), [pod(0), pod(1)]), 0);
  expect(status).toMatchObject({ currentRevision: 'new', currentReplicas: 2 });
});
