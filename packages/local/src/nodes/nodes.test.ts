import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { persistentVolumes, pods } from '@pgherd/kube/objects';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openRegistry } from '../registry/open-registry.ts';
import { NodeStates } from './node-states.ts';
import { obstaclesToRemoval } from './obstacles.ts';

let home: string;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'pgherd-nodes-'));
});
afterEach(() => rmSync(home, { recursive: true }));

test('what was done to nodes outlives the server', () => {
  const states = new NodeStates(home);
  expect(states.of('a')).toEqual({ isOff: false, cuts: {} });
  expect(states.graceMs).toBe(40_000);
  states.set('a', { isOff: true, cuts: { api: 'in' } });
  states.set('b', { isOff: false, cuts: { all: 'both' } });
  states.setGrace(8);
  states.forget('b');
  const again = new NodeStates(home);
  expect(again.of('a')).toEqual({ isOff: true, cuts: { api: 'in' } });
  expect(again.of('b')).toEqual({ isOff: false, cuts: {} });
  expect(again.graceMs).toBe(8_000);
  writeFileSync(join(home, 'nodes.json'), '{');
  expect(() => new NodeStates(home)).toThrow('Remove it');
});

test('a node with pods or volumes is still needed', () => {
  const registry = openRegistry({ path: ':memory:' });
  const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default' } };
  registry.create({ group: '', version: 'v1', plural: 'serviceaccounts' }, 'default', account);
  for (const [name, nodeName] of [
    ['here', 'n'],
    ['there', 'other'],
  ] as const) {
    registry.create(pods, 'default', {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name },
      spec: { nodeName, containers: [{ name: 'c', image: 'i' }] },
    });
  }
  const matchExpressions = [{ key: 'kubernetes.io/hostname', operator: 'In', values: ['n'] }];
  registry.create(persistentVolumes, undefined, {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name: 'v' },
    spec: {
      capacity: { storage: '1Gi' },
      accessModes: ['ReadWriteOnce'],
      hostPath: { path: '/x' },
      claimRef: { namespace: 'default', name: 'data' },
      nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions }] } },
    },
  });
  expect(obstaclesToRemoval(registry, 'n')).toEqual([
    'pod default/here runs there',
    'volume v is there with the data of claim default/data',
  ]);
  expect(obstaclesToRemoval(registry, 'third')).toEqual([]);
  registry.close();
});
