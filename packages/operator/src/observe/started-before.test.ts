import type { KubeObject } from '@pgherd/kube/objects';
import { expect, test } from 'vitest';
import { kinds } from '../kinds.ts';
import { testObserved, testPod } from '../testing/cluster.ts';
import { startedBefore } from './started-before.ts';

/** Names of members that may know a former password; test pods start at midnight. */
function affected(
  managedFields: object[],
  pods = [testPod({ ordinal: 0 }), testPod({ ordinal: 1 })],
): string[] {
  const object = { metadata: { name: 's', namespace: 'default', managedFields } } as unknown as KubeObject;
  const observed = testObserved([{ kind: kinds.secret, object }], pods);
  return startedBefore(observed, 's').map(({ name }) => name);
}

const writes = (time: string, ...keys: string[]) => ({
  manager: 'x',
  time,
  fieldsV1: { 'f:data': Object.fromEntries(keys.map((key) => [`f:${key}`, {}])) },
});

const both = ['acid-demo-0', 'acid-demo-1'];

test('a password that was written after they started', () => {
  expect(affected([writes('2026-01-01T00:10:00Z', 'password')])).toEqual(both);
});

test('not one that was written before they started, whatever else was written since', () => {
  const labels = { manager: 'y', time: '2026-02-01T00:00:00Z', fieldsV1: { 'f:metadata': {} } };
  const written = [writes('2025-12-31T00:00:00Z', 'password'), writes('2026-02-01T00:00:00Z', 'uri'), labels];
  expect(affected(written)).toEqual([]);
});

test('in doubt all: clocks that differ a little, nobody who says when it was written, no Secret', () => {
  expect(affected([writes('2025-12-31T23:59:30Z', 'password')])).toEqual(both);
  expect(affected([])).toEqual(both);
  expect(startedBefore(testObserved([], [testPod({ ordinal: 0 })]), 's')).toHaveLength(1);
});

test('a container that does not run reads the Secret when it starts', () => {
  const pods = [testPod({ ordinal: 0, running: false }), testPod({ ordinal: 1, deleting: true })];
  expect(affected([writes('2026-01-02T00:00:00Z', 'password')], pods)).toEqual([]);
});
