import { ApiError, deployments, type Deployment } from '@pgherd/kube/objects';
import { pauseForPerson, pausingPoolers, runningPoolers, type PoolerPause } from '@pgherd/operator';
import type { Target } from '../cluster/target.ts';

/** The poolers of a cluster, as far as a change of its primary is about them. */
export interface Poolers {
  /** What their clients notice, a line for each; for the question. */
  clients: string[];
  /** Acts while they are paused, as the operator does. Answers a line for each thing that is worth telling. */
  whilePaused(act: () => Promise<void>): Promise<string[]>;
}

/** Looks which poolers there are; for whoever may not look there are none. */
export async function poolersFor(
  { client, namespace }: Target,
  name: string,
  verb: 'switchover' | 'restart',
): Promise<Poolers> {
  const { items } = await client
    .list(deployments, { namespace, labelSelector: 'connection-pooler' })
    .catch(noneWhenForbidden);
  const running = runningPoolers(name, (pooler) => items.find(({ metadata }) => metadata?.name === pooler));
  const { clients, poolers } = pauseForPerson(verb, running, namespace);
  return { clients, whilePaused: (act) => whilePaused(client, poolers, act) };
}

async function whilePaused(
  client: Target['client'],
  poolers: PoolerPause | undefined,
  act: () => Promise<void>,
): Promise<string[]> {
  const { notes } = await pausingPoolers(client, poolers, async (pause) => {
    await pause();
    await act();
  });
  return notes;
}

function noneWhenForbidden(error: unknown): { items: Deployment[] } {
  if (error instanceof ApiError && error.code === 403) return { items: [] };
  throw error;
}
