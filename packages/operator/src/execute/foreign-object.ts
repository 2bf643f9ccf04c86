import { describe, type Kind } from '../kinds.ts';

/** An object of the name that the cluster needs exists, and it is not the cluster's: it is left as it is. */
export class ForeignObjectError extends Error {
  constructor(kind: Kind, object: { namespace?: string; name?: string }, said: string) {
    const labels = 'it does not carry the labels of this cluster, and others wrote it';
    super(
      `${describe(kind, object.name ?? '')} in namespace ${object.namespace} exists already: ${labels} (${said})`,
    );
    this.name = 'ForeignObjectError';
  }
}
