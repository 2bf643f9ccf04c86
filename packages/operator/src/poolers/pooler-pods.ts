import type { Pod } from '@pgherd/kube/objects';
import { kinds, objectKey } from '../kinds.ts';
import { poolerLabel } from '../labels.ts';
import { poolerName } from '../names.ts';
import type { Observed } from '../observe/observed.ts';

/** Container of PgBouncer in a pooler's pod. */
export const poolerContainer = 'connection-pooler';

/** What the servers are that a pooler connects to, in the words of the command `pooler` in its image. */
export type PoolerRole = 'primary' | 'replica';

/** A pod of a pooler that serves clients, or still does. */
export interface PoolerPod {
  name: string;
  pooler: string;
  role: PoolerRole;
  /** As the pod runs it: a pause waits for the end of transactions, which in `session` is that of sessions. */
  isSession: boolean;
  image: string;
}

/** Pods of the poolers of a cluster, by name; those whose container does not run have no clients. */
export function poolerPods(observed: Pick<Observed, 'objects' | 'namespace' | 'name'>): PoolerPod[] {
  const { objects, namespace, name } = observed;
  const roles = new Map<string, PoolerRole>([
    [poolerName(name, 'master'), 'primary'],
    [poolerName(name, 'replica'), 'replica'],
  ]);
  const isPod = objectKey(kinds.pod, namespace, '');
  return [...objects]
    .filter(([key]) => key.startsWith(isPod))
    .map(([, pod]) => pod as Pod)
    .flatMap(({ metadata, spec, status }) => {
      const pooler = metadata.labels?.[poolerLabel] ?? '';
      const role = roles.get(pooler);
      const container = spec?.containers.find((each) => each.name === poolerContainer);
      const state = status?.containerStatuses?.find((each) => each.name === poolerContainer)?.state;
      if (role === undefined || container === undefined || state?.running === undefined) return [];
      const mode = container.env?.find((each) => each.name === 'CONNECTION_POOLER_MODE')?.value;
      return [
        {
          name: metadata.name ?? '',
          pooler,
          role,
          isSession: mode === 'session',
          image: container.image ?? '',
        },
      ];
    })
    .sort((a, b) => a.name.localeCompare(b.name));
}

/** Whether an image of a pooler is pgherd's own, by its name: only that one is known to have the command `pooler`. */
export function canPause(image: string): boolean {
  return /(^|\/)pgherd\/pooler([:@]|$)/.test(image);
}
