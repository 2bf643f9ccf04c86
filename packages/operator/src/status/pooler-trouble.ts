import type { Deployment } from '@pgherd/kube/objects';
import { kinds } from '../kinds.ts';
import { poolerName } from '../names.ts';
import { find, type Observed } from '../observe/observed.ts';
import { shorten, type Trouble } from './trouble.ts';

/** Poolers whose pods do not come up. Only what Kubernetes itself gave up on: pods that start are no trouble. */
export function poolerTroubles(observed: Observed): Trouble[] {
  return (['master', 'replica'] as const).flatMap((role) => {
    const name = poolerName(observed.name, role);
    const deployment = find(observed, kinds.deployment, name) as Deployment | undefined;
    const { conditions = [], readyReplicas = 0 } = deployment?.status ?? {};
    const stuck = conditions.find(
      ({ type, status }) =>
        (type === 'Progressing' && status === 'False') || (type === 'ReplicaFailure' && status === 'True'),
    );
    if (stuck === undefined) return [];
    const wanted = deployment?.spec?.replicas ?? 1;
    const why = shorten(stuck.message ?? stuck.reason ?? '', 300);
    return [
      {
        reason: 'PoolerStuck',
        message:
          `${readyReplicas} of ${wanted} pods of the connection pooler ${name} are ready (${why}): ` +
          `kubectl describe pods -l connection-pooler=${name} says why`,
      },
    ];
  });
}
