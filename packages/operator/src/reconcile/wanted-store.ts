import { parseLeader, type PatroniStore } from '@pgherd/patroni';
import type { Observed } from '../observe/observed.ts';
import { leaderObject, podSpecOf, presentStore } from '../observe/remembered.ts';
import type { Settings } from '../settings.ts';

/** The store that somebody wrote into the configuration, if this cluster exists and has the other one. */
export function wantedStore(
  { configuration, named }: Settings,
  observed: Observed,
): PatroniStore | undefined {
  if (!named.has('kubernetes_use_configmaps') || configuration.etcd_host !== '') return undefined;
  if (podSpecOf(observed) === undefined) return undefined;
  const wanted = configuration.kubernetes_use_configmaps ? 'configmaps' : 'endpoints';
  return presentStore(configuration, observed) === wanted ? undefined : wanted;
}

/** Who holds the leader lock of the store that the cluster has, although there are no pods any more. */
export function unreleasedLock({ configuration }: Settings, observed: Observed): string | undefined {
  if (observed.members.length > 0) return undefined;
  return parseLeader(leaderObject(observed, presentStore(configuration, observed))?.metadata.annotations)
    .leader;
}
