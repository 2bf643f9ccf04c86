import type { KubeObject } from '@pgherd/kube/objects';
import type { CrdSpec } from './custom-resources.ts';

export type CrdNames = NonNullable<CrdSpec['names']>;

/** What speaks against the names that a CustomResourceDefinition asks for. */
export interface NameConflict {
  /** Kubernetes' reason, e.g. `KindConflict`. */
  reason: string;
  message: string;
}

interface Status {
  acceptedNames?: CrdNames;
  conditions?: { type: string; status: string }[];
}

const specOf = (crd: KubeObject): CrdSpec => crd['spec'] ?? {};
const statusOf = (crd: KubeObject): Status => crd['status'] ?? {};

/** The names under which the kind is served: those that were free when it asked for them. */
export function acceptedNames(crd: KubeObject): CrdNames {
  return statusOf(crd).acceptedNames ?? {};
}

/** Were all names once free? From then on the kind is served, whatever happens to names later. */
export function isEstablished(crd: KubeObject): boolean {
  return (statusOf(crd).conditions ?? []).some((c) => c.type === 'Established' && c.status === 'True');
}

/**
 * Checks the names against the accepted ones of the other definitions of the group.
 *
 * @returns the names that are free now, taken names left as they were accepted before, and the first conflict.
 */
export function acceptNames(
  crd: KubeObject,
  others: readonly KubeObject[],
): { names: CrdNames; conflict?: NameConflict } {
  const { group, names: wanted = {} } = specOf(crd);
  const resources = new Set<string>();
  const kinds = new Set<string>();
  for (const other of others) {
    if (specOf(other).group !== group || other.metadata.name === crd.metadata.name) continue;
    const { plural, singular, shortNames = [], kind, listKind } = acceptedNames(other);
    for (const name of [plural, singular, ...shortNames]) if (name) resources.add(name);
    for (const name of [kind, listKind]) if (name) kinds.add(name);
  }
  const names: CrdNames = { ...acceptedNames(crd) };
  let conflict: NameConflict | undefined;
  const accept = (field: keyof CrdNames, reason: string, taken: string | undefined): void => {
    if (taken !== undefined) conflict ??= { reason, message: `"${taken}" is already in use` };
    else if (wanted[field] === undefined) delete names[field];
    else Object.assign(names, { [field]: wanted[field] });
  };
  const inUse = (used: Set<string>, name: string | undefined): string | undefined =>
    name !== undefined && used.has(name) ? name : undefined;
  accept('plural', 'PluralConflict', inUse(resources, wanted.plural));
  accept('singular', 'SingularConflict', inUse(resources, wanted.singular));
  const shortName = wanted.shortNames?.find((name) => resources.has(name));
  accept('shortNames', 'ShortNamesConflict', shortName);
  accept('kind', 'KindConflict', inUse(kinds, wanted.kind));
  accept('listKind', 'ListKindConflict', inUse(kinds, wanted.listKind));
  accept('categories', '', undefined);
  return conflict ? { names, conflict } : { names };
}
