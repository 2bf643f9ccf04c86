import type { Client } from '@pgherd/kube/client';
import type { KubeObject } from '@pgherd/kube/objects';
import { describe, type Kind } from '../kinds.ts';
import { findByName } from './ownership.ts';

/** An object of the name that the cluster needs exists, and it is not the cluster's: it is left as it is. */
export class ForeignObjectError extends Error {
  constructor(kind: Kind, { namespace, name = '' }: KubeObject['metadata']) {
    super(
      `${describe(kind, name)} in namespace ${namespace} exists already, without the labels of this cluster: somebody else made it`,
    );
    this.name = 'ForeignObjectError';
  }
}

/**
 * Throws when there is an object under the name of `wanted` that does not carry its labels. One that does is ours, and
 * only the caches do not know it yet.
 */
export async function refuseForeign(client: Client, kind: Kind, wanted: KubeObject): Promise<void> {
  const { name = '', namespace = '', labels = {} } = wanted.metadata;
  const existing = await findByName(client, kind, namespace, name);
  if (existing === undefined) return;
  const isOurs = Object.entries(labels).every(([key, value]) => existing.metadata.labels?.[key] === value);
  if (!isOurs) throw new ForeignObjectError(kind, wanted.metadata);
}
