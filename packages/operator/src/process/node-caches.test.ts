import { silentLogger, type Logger, type Node } from '@pgherd/kube/objects';
import { expect, test } from 'vitest';
import { nodeState, slimNode } from '../nodes/node-state.ts';
import { nodeSight } from './node-caches.ts';

test.each([
  [['nodes', 'persistentvolumes'], { nodes: true, volumes: true }, []],
  [['nodes'], { nodes: true, volumes: false }, ['no right to list and watch persistentvolumes']],
  [['persistentvolumes'], { nodes: false, volumes: true }, ['no right to list and watch nodes']],
  [[], { nodes: false, volumes: false }, ['no right to list and watch nodes']],
])('an operator that may see %j sees %j, and tells what it lacks', async (allowed, sight, lacks) => {
  const told: string[] = [];
  const log: Logger = { ...silentLogger, info: (...words: unknown[]) => void told.push(String(words[1])) };
  const client = {
    canI: async ({ resource = '' }: { resource?: string }) => ({
      allowed: allowed.includes(resource),
      reason: '',
    }),
  };
  expect(await nodeSight(client, log)).toEqual(sight);
  expect(told.map((each) => each.split(':')[0])).toEqual(lacks);
});

test('of a node only what matters is kept, and heartbeats make no difference', () => {
  const node = (lastHeartbeatTime: string): Node => ({
    metadata: {
      name: 'a',
      uid: 'u',
      resourceVersion: '1',
      labels: { zone: 'x' },
      annotations: { long: 'x' },
    },
    spec: { unschedulable: true, taints: [{ key: 'k', effect: 'NoExecute' }], podCIDR: '10.0.0.0/24' },
    status: {
      images: [{ names: ['i'], sizeBytes: 1 }],
      conditions: [
        { type: 'DiskPressure', status: 'False' },
        { type: 'Ready', status: 'Unknown', lastHeartbeatTime },
      ],
    },
  });
  const slim = slimNode(node('2026-01-01T00:00:00Z'));
  expect(slim).toEqual(slimNode(node('2026-01-01T00:05:00Z')));
  expect(slim.status).toEqual({ conditions: [{ type: 'Ready', status: 'Unknown' }] });
  expect(slim.metadata).toEqual({ name: 'a', uid: 'u', resourceVersion: '1', labels: { zone: 'x' } });
  const configuration = { node_readiness_label: {} };
  expect(nodeState(slim, configuration)).toEqual(nodeState(node('2026-01-01T00:00:00Z'), configuration));
});
