import { isConflict, isNotFound, type Client } from '@pgherd/kube/client';
import type { KubeObject } from '@pgherd/kube/objects';
import { kinds, type Kind } from '../kinds.ts';
import { fieldManager } from '../names.ts';

/** What Patroni writes into the role label of a pod that leads, also in a standby cluster. Source: Spilo. */
const primary = 'master';

/** Where the lock is, and what may lose its label. */
export interface StaleLabels {
  client: Pick<Client, 'find' | 'patch'>;
  written: (kind: Kind, object: KubeObject) => void;
  roleLabel: string;
  lock: { kind: Kind; namespace: string; name: string };
  /** Of the cluster, as the cache has them. */
  pods: readonly KubeObject[];
  /** Who leads, as the cache has it. */
  leader: string | undefined;
}

/**
 * Takes the primary's label from every pod that does not lead, and names these pods. Each Patroni labels only its own
 * pod: that of a dead or slow one is still selected by Services while another one leads already.
 *
 * A pod that leads keeps it: whoever takes the lock after it was read here has changed its own pod since, or does so in
 * the same loop.
 */
export async function stripStaleLabels(stale: StaleLabels): Promise<string[]> {
  const { client, written, roleLabel, lock, pods, leader } = stale;
  // Whoever leads must be one of them: a lock may also say that the cluster has moved to another store.
  const isStale = ({ metadata }: KubeObject, leads: string | undefined): boolean =>
    pods.some((pod) => pod.metadata.name === leads) &&
    metadata.name !== leads &&
    metadata.labels?.[roleLabel] === primary;
  if (!pods.some((pod) => isStale(pod, leader))) return [];
  // The pods were read before: one that changes while this is asked for is not written.
  const fresh = await client.find(lock.kind, lock);
  const leads = fresh?.metadata.annotations?.['leader'] || undefined;
  const stripped: string[] = [];
  for (const { metadata } of pods.filter((pod) => isStale(pod, leads))) {
    const { namespace = '', name = '', uid, resourceVersion } = metadata;
    const body = { metadata: { uid, resourceVersion, labels: { [roleLabel]: null } } };
    try {
      written(
        kinds.pod,
        await client.patch(kinds.pod, { namespace, name }, { type: 'merge', body }, { fieldManager }),
      );
      stripped.push(name);
    } catch (error) {
      // It has changed or gone: that is looked at as soon as it is seen.
      if (!isConflict(error) && !isNotFound(error)) throw error;
    }
  }
  return stripped;
}
