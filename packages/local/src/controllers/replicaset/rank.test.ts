import { expect, test } from 'vitest';
import type { Pod } from '@pgherd/kube/objects';
import { costOf, rankForDeletion } from './rank.ts';

const NOW = Date.parse('2026-01-02T00:00:00Z');
interface Input {
  node?: string;
  phase?: string;
  ready?: string;
  created?: string;
  restarts?: number;
  cost?: string;
}
const pod = (name: string, input: Input = {}): Pod => {
  const { node = 'a', phase = 'Running', ready = '2026-01-01T00:00:00Z', restarts = 0, cost } = input;
  return {
    metadata: {
      name,
      uid: name,
      creationTimestamp: input.created ?? '2026-01-01T00:00:00Z',
      ...(cost === undefined ? {} : { annotations: { 'controller.kubernetes.io/pod-deletion-cost': cost } }),
    },
    spec: { containers: [], ...(node ? { nodeName: node } : {}) },
    status: {
      phase,
      conditions: ready ? [{ type: 'Ready', status: 'True', lastTransitionTime: ready }] : [],
      containerStatuses: [{ name: 'c', image: '', imageID: '', ready: true, restartCount: restarts }],
    },
  };
};
const order = (...pods: Pod[]): (string | undefined)[] =>
  rankForDeletion(pods, pods, NOW).map(({ metadata }) => metadata.name);

// Each rule decides before all that follow: the second pod is the worse one by every later rule.
test.each([
  ['not assigned', pod('x', { node: '', ready: '' }), pod('y', { phase: 'Pending', ready: '', restarts: 9 })],
  ['pending', pod('x', { phase: 'Pending', ready: '' }), pod('y', { ready: '', cost: '-9' })],
  ['not ready', pod('x', { ready: '', cost: '9' }), pod('y', { cost: '-9' })],
  ['cheap', pod('x', { cost: '-1' }), pod('y', { ready: '2026-01-01T23:59:59Z' })],
  ['ready for a shorter time', pod('x', { ready: '2026-01-01T23:59:00Z' }), pod('y', { restarts: 9 })],
  ['restarted', pod('x', { restarts: 2 }), pod('y', { created: '2026-01-01T23:59:00Z' })],
  ['younger', pod('x', { created: '2026-01-01T23:59:00Z' }), pod('y')],
])('%s goes first', (_rule, first, second) => {
  expect(order(second, first)).toEqual(['x', 'y']);
  expect(order(first, second)).toEqual(['x', 'y']);
});

test('the node with more pods is relieved first', () => {
  expect(order(pod('y', { node: 'b' }), pod('x1'), pod('x2'))[2]).toBe('y');
});

test('about the same age counts as the same: not always the youngest goes', () => {
  const at = (name: string, time: string): Pod => pod(name, { ready: time });
  expect(order(at('b', '2026-01-01T10:00:00Z'), at('a', '2026-01-01T09:00:00Z'))).toEqual(['a', 'b']);
});

test('a cost that is no integer is none', () => {
  expect(['10', '-3', '', '01', '1.5', 'x', '99999999999'].map((cost) => costOf(pod('x', { cost })))).toEqual(
    [10, -3, 0, 0, 0, 0, 0],
  );
});
