import type { Deployment, Pod } from '@pgherd/kube/objects';
import { kinds } from '../kinds.ts';
import { poolerLabel } from '../labels.ts';
import { poolerName } from '../names.ts';
import { find, type Observed } from '../observe/observed.ts';

/** Container of PgBouncer in a pooler's pod. */
export const poolerContainer = 'connection-pooler';

/** What the servers are that a pooler connects to, in the words of the command `pooler` in its image. */
export type PoolerRole = 'primary' | 'replica';

/** A pooler that there is, as its Deployment says. */
export interface RunningPooler {
  name: string;
  role: PoolerRole;
  pods: number;
  /** A pause waits for the end of transactions, which in the mode `session` is that of sessions. */
  isSession: boolean;
  image: string;
}

/** The poolers of a cluster, that of the primary first; `deploymentOf` finds a Deployment by its name. */
export function runningPoolers(
  cluster: string,
  deploymentOf: (name: string) => Deployment | undefined,
): RunningPooler[] {
  const roles = [
    ['master', 'primary'],
    ['replica', 'replica'],
  ] as const;
  return roles.flatMap(([service, role]) => {
    const name = poolerName(cluster, service);
    const { spec, status } = deploymentOf(name) ?? {};
    const container = spec?.template.spec?.containers.find((each) => each.name === poolerContainer);
    const pods = status?.replicas ?? spec?.replicas ?? 1;
    if (container === undefined || pods === 0) return [];
    return [{ name, role, pods, isSession: isSession(container), image: container.image ?? '' }];
  });
}

/** Those of an observed cluster. */
export function observedPoolers(observed: Observed): RunningPooler[] {
  return runningPoolers(
    observed.name,
    (name) => find(observed, kinds.deployment, name) as Deployment | undefined,
  );
}

/** Label selector of the pods of these poolers. */
export function podsOfPoolers(poolers: readonly string[]): string {
  return `${poolerLabel} in (${poolers.join(',')})`;
}

/** Pods of this pooler in which PgBouncer runs and can be paused, by name. */
export function pausablePods(pooler: string, pods: readonly Pod[]): string[] {
  const able = pods.filter(({ metadata, spec, status }) => {
    const container = spec?.containers.find((each) => each.name === poolerContainer);
    const state = status?.containerStatuses?.find((each) => each.name === poolerContainer)?.state;
    const isOwn = metadata?.labels?.[poolerLabel] === pooler;
    return isOwn && container !== undefined && !isSession(container) && state?.running !== undefined;
  });
  return able.map(({ metadata }) => metadata?.name ?? '').sort();
}

function isSession({ env = [] }: { env?: { name: string; value?: string }[] }): boolean {
  return env.find(({ name }) => name === 'CONNECTION_POOLER_MODE')?.value === 'session';
}

/** Whether an image of a pooler is pgherd's own, by its name: only that one is known to have the command `pooler`. */
export function canPause(image: string): boolean {
  return /(^|\/)pgherd\/pooler([:@]|$)/.test(image);
}
