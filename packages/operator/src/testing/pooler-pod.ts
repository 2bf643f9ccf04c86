import type { Pod } from '@pgherd/kube/objects';
import { kinds, type Desired } from '../kinds.ts';
import { poolerContainer } from '../poolers/pooler-pods.ts';

/** A pooler's pod that runs. */
export interface TestPoolerPod {
  name: string;
  /** Default: that of the primary. */
  pooler?: string;
  mode?: string;
  image?: string;
  running?: boolean;
}

export function testPoolerPod(pod: TestPoolerPod): Desired {
  const { pooler = 'acid-demo-pooler', mode = 'transaction', image = 'localhost/pgherd/pooler:1.24' } = pod;
  const object: Pod = {
    metadata: { name: pod.name, namespace: 'default', labels: { 'connection-pooler': pooler } },
    spec: {
      containers: [{ name: poolerContainer, image, env: [{ name: 'CONNECTION_POOLER_MODE', value: mode }] }],
    },
    status: {
      containerStatuses: [
        {
          name: poolerContainer,
          image,
          imageID: '',
          ready: true,
          restartCount: 0,
          state: pod.running === false ? {} : { running: { startedAt: '2026-01-01T00:00:00Z' } },
        },
      ],
    },
  };
  return { kind: kinds.pod, object };
}
