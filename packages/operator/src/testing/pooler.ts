import type { Deployment } from '@pgherd/kube/objects';
import { kinds, type Desired } from '../kinds.ts';
import { poolerContainer } from '../poolers/running-poolers.ts';

/** A pooler that runs. */
export interface TestPooler {
  name: string;
  /** Default: 1. */
  pods?: number;
  mode?: string;
  image?: string;
}

export function testPooler({
  name,
  pods = 1,
  mode = 'transaction',
  image = 'localhost/pgherd/pooler:1.24',
}: TestPooler): Desired {
  const env = [{ name: 'CONNECTION_POOLER_MODE', value: mode }];
  const object: Deployment = {
    metadata: { name, namespace: 'default', labels: { 'connection-pooler': name } },
    spec: {
      replicas: pods,
      selector: {},
      template: { spec: { containers: [{ name: poolerContainer, image, env }] } },
    },
  };
  return { kind: kinds.deployment, object };
}
