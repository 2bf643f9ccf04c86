import type { Node, Pod } from '@pgherd/kube/objects';
import { expect, test } from 'vitest';
import { mayAdmitOthers, resourceMisfit } from './scheduler.ts';

const node: Node = {
  metadata: { name: 'n' },
  status: { allocatable: { cpu: '2', memory: '1Gi', pods: '2' } },
};

function pod(requests: Record<string, string>, limits: Record<string, string> = {}): Pod {
  return {
    metadata: { name: 'p', namespace: 'default' },
    spec: { containers: [{ name: 'c', image: 'i', resources: { requests, limits } }] },
  };
}

test.each([
  ['what fits', pod({ cpu: '1500m', memory: '1Gi' }), [], undefined],
  ['more than there is', pod({ cpu: '2500m' }), [], 'Insufficient cpu'],
  ['what others left', pod({ memory: '600Mi' }), [pod({ memory: '600Mi' })], 'Insufficient memory'],
  ['a limit counts where no request is', pod({}, { cpu: '3' }), [], 'Insufficient cpu'],
  [
    'a device that the node does not have',
    pod({}, { 'example.com/gpu': '1' }),
    [],
    'Insufficient example.com/gpu',
  ],
  [
    'huge pages that the node does not have',
    pod({ 'hugepages-2Mi': '4Mi' }),
    [],
    'Insufficient hugepages-2Mi',
  ],
  ['room on the disk, which is not accounted for', pod({ 'ephemeral-storage': '1Ei' }), [], undefined],
  ['one pod too many', pod({}), [pod({}), pod({})], 'Too many pods'],
])('resources: %s', (_, wanted, placed, misfit) => {
  expect(resourceMisfit(wanted, node, placed)).toBe(misfit);
});

test('what waits is looked at again when another is placed, ends, or has other labels', () => {
  const other = (phase: string, labels: Record<string, string> = { app: 'a', tier: 'b' }): Pod => ({
    metadata: { name: 'other', labels },
    spec: { containers: [] },
    status: { phase },
  });
  expect(mayAdmitOthers(undefined, other('Pending'))).toBe(true);
  expect(mayAdmitOthers(other('Running'), other('Succeeded'))).toBe(true);
  expect(mayAdmitOthers(other('Running'), other('Running', { app: 'b' }))).toBe(true);
  expect(mayAdmitOthers(other('Pending'), other('Running', { tier: 'b', app: 'a' }))).toBe(false);
  expect(mayAdmitOthers(other('Failed'), other('Failed'))).toBe(false);
});
