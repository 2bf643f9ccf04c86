import { leases, nodes, systemClock } from '@pgherd/kube/objects';
import type { Lease } from '@pgherd/kube/objects';
import { expect, test } from 'vitest';
import { openRegistry } from '../registry/open-registry.ts';
import { renewLease } from './lease.ts';

test('the lease is the node’s own, and each renewal says when', () => {
  const registry = openRegistry({ path: ':memory:' });
  const node = registry.create(nodes, undefined, { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n' } });
  const renewed = (at: number): Lease => {
    renewLease(registry, 'n', { ...systemClock, now: () => at });
    return registry.get(leases, 'kube-node-lease', 'n') as Lease;
  };
  const first = renewed(1_000_000_000_250);
  expect(first.metadata.ownerReferences).toMatchObject([{ kind: 'Node', uid: node.metadata.uid }]);
  expect(first.spec).toEqual({
    holderIdentity: 'n',
    leaseDurationSeconds: 40,
    renewTime: '2001-09-09T01:46:40.250000Z',
  });
  const next = renewed(1_000_000_010_250);
  expect(next.spec?.renewTime).toBe('2001-09-09T01:46:50.250000Z');
  expect(next.metadata.uid).toBe(first.metadata.uid);
  registry.close();
});
