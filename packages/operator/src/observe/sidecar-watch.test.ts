import type { ContainerStatus } from '@pgherd/kube/objects';
import { expect, test } from 'vitest';
import { testObserved, testPod } from '../testing/cluster.ts';
import { withSettling, type SidecarMemory } from './sidecar-watch.ts';

const second = 1_000;

/** Whether the pod is still watched, with these containers beside PostgreSQL. */
function isSettling(memory: SidecarMemory, now: number, beside: Partial<ContainerStatus>[]): boolean {
  const pod = testPod({ ordinal: 0 });
  const containers = beside.map((status) => ({
    name: 'beside',
    image: '',
    imageID: '',
    ready: true,
    restartCount: 0,
    state: { running: {} },
    ...status,
  }));
  pod.status?.containerStatuses?.push(...containers);
  return withSettling(testObserved([], [pod]), memory, now).members[0]?.settling === true;
}

test('a container that has just begun to run is watched for a while, and one that has crashed for longer', () => {
  const memory: SidecarMemory = new Map();
  expect(isSettling(memory, 0, [{}])).toBe(true);
  expect(isSettling(memory, 9 * second, [{}])).toBe(true);
  expect(isSettling(memory, 10 * second, [{}])).toBe(false);
  const crashed = { restartCount: 1, lastState: { terminated: { exitCode: 3 } } };
  expect(isSettling(memory, 20 * second, [crashed])).toBe(true);
  expect(isSettling(memory, 79 * second, [crashed])).toBe(true);
  expect(isSettling(memory, 80 * second, [crashed])).toBe(false);
});

test('a pod of PostgreSQL alone is not watched', () => {
  expect(isSettling(new Map(), 0, [])).toBe(false);
});
