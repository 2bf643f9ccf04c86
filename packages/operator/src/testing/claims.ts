import type { PersistentVolumeClaim } from '@pgherd/kube/objects';
import { kinds, type Desired } from '../kinds.ts';
import { claimName } from '../names.ts';

/** How a test's claim differs from a bound one of 1Gi. */
export interface TestClaim {
  ordinal?: number;
  /** What it asks for. */
  asks?: string;
  /** What it has; without, it is not bound. */
  has?: string | undefined;
  conditions?: NonNullable<NonNullable<PersistentVolumeClaim['status']>['conditions']>;
  annotations?: Record<string, string>;
  deleting?: boolean;
}

/** The claim of a member of the cluster that tests have. */
export function testClaim(claim: TestClaim = {}): Desired {
  const { ordinal = 0, asks = '1Gi', conditions, annotations, deleting = false } = claim;
  const has = 'has' in claim ? claim.has : '1Gi';
  const object: PersistentVolumeClaim = {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: {
      name: claimName('acid-demo', ordinal),
      namespace: 'default',
      uid: `uid-of-claim-${ordinal}`,
      resourceVersion: '1',
      labels: { application: 'spilo', 'cluster-name': 'acid-demo' },
      ...(annotations === undefined ? {} : { annotations }),
      ...(deleting ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {}),
    },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: asks } } },
    status:
      has === undefined
        ? { phase: 'Pending' }
        : { phase: 'Bound', capacity: { storage: has }, ...(conditions === undefined ? {} : { conditions }) },
  };
  return { kind: kinds.claim, object };
}
