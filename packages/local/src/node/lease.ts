import { leases, nodes } from '@pgherd/kube/objects';
import type { Clock, Lease } from '@pgherd/kube/objects';
import type { Registry } from '../registry/registry.ts';
import { findObject } from './object-source.ts';

/** Where Kubernetes keeps them. */
const NAMESPACE = 'kube-node-lease';
/** Kubernetes' length of a node's lease, seconds, and how often it is renewed, milliseconds. */
const DURATION_SECONDS = 40;
export const RENEW_MS = 10_000;

/** Says that the node's agent is alive. */
export function renewLease(registry: Registry, nodeName: string, clock: Clock): void {
  const renewTime = new Date(clock.now()).toISOString().replace('Z', '000Z');
  const spec = { holderIdentity: nodeName, leaseDurationSeconds: DURATION_SECONDS, renewTime };
  const known = findObject(registry, leases, NAMESPACE, nodeName);
  if (known !== undefined) {
    registry.update(leases, NAMESPACE, nodeName, { ...known, spec: { ...known.spec, ...spec } });
    return;
  }
  const node = findObject(registry, nodes, undefined, nodeName);
  const { uid = '' } = node?.metadata ?? {};
  const lease: Lease = {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: {
      name: nodeName,
      namespace: NAMESPACE,
      // It goes with its node.
      ...(uid === '' ? {} : { ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: nodeName, uid }] }),
    },
    spec,
  };
  registry.create(leases, NAMESPACE, lease);
}
