import type { Container, Pod, PodSpec } from '@pgherd/kube/objects';
import { expect, test } from 'vitest';
import { containersToStart } from './restart-rules.ts';
import type { ContainerView } from './restart-rules.ts';

const runs: ContainerView = { running: true, started: true, exitCode: 0 };
const starting: ContainerView = { running: true, started: false, exitCode: 0 };
const ended = (exitCode: number): ContainerView => ({ running: false, started: false, exitCode });
const sidecar = { name: 'side', restartPolicy: 'Always' } as Container;

function start(spec: Partial<PodSpec>, seen: Record<string, ContainerView>): string[] {
  const pod: Pod = { metadata: {}, spec: { containers: [{ name: 'a' }, { name: 'b' }], ...spec } };
  return containersToStart(pod, (name) => seen[name]).map((each) => each.name);
}

test.each([
  ['Always', ['a', 'b']],
  ['OnFailure', ['b']],
  ['Never', []],
])('restartPolicy %s restarts %j of one that succeeded and one that failed', (restartPolicy, expected) => {
  expect(start({ restartPolicy }, { a: ended(0), b: ended(1) })).toEqual(expected);
});

test('all containers of a new pod', () => {
  expect(start({}, {})).toEqual(['a', 'b']);
});

test('init containers one by one', () => {
  const initContainers = [{ name: 'i' }, { name: 'j' }];
  expect(start({ initContainers }, {})).toEqual(['i']);
  expect(start({ initContainers }, { i: runs })).toEqual([]);
  expect(start({ initContainers }, { i: ended(0) })).toEqual(['j']);
  expect(start({ initContainers }, { i: ended(0), j: ended(0) })).toEqual(['a', 'b']);
});

test('a failed init container is tried again unless the policy is Never', () => {
  const initContainers = [{ name: 'i' }];
  expect(start({ initContainers }, { i: ended(1) })).toEqual(['i']);
  expect(start({ initContainers, restartPolicy: 'Never' }, { i: ended(1) })).toEqual([]);
});

test('init containers do not run again once the pod’s own have begun', () => {
  expect(start({ initContainers: [{ name: 'i' }] }, { i: ended(1), a: runs, b: ended(1) })).toEqual(['b']);
});

test('a sidecar starts in its turn, must have started, and is always restarted', () => {
  const initContainers = [sidecar, { name: 'j' }];
  expect(start({ initContainers }, {})).toEqual(['side']);
  expect(start({ initContainers }, { side: starting })).toEqual([]);
  expect(start({ initContainers }, { side: runs })).toEqual(['j']);
  expect(
    start({ initContainers, restartPolicy: 'Never' }, { side: ended(0), j: ended(0), a: runs, b: runs }),
  ).toEqual(['side']);
});
