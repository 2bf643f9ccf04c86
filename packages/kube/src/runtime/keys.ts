import { keyString } from '../cache/index.ts';
import type { KubeObject } from '../objects/index.ts';

/** Which keys of a controller an object concerns. */
export type KeysOf<T extends KubeObject, K extends string = string> = (object: T) => readonly K[];

/** The object's own key, `namespace/name`. */
export const ownKey: KeysOf<KubeObject> = ({ metadata }) => [keyString(metadata)];

/** The key of the object that a label names, in the same namespace; none without the label. */
export const keyOfLabel =
  (label: string): KeysOf<KubeObject> =>
  ({ metadata }) => {
    const name = metadata.labels?.[label];
    return name ? [keyString({ ...metadata, name })] : [];
  };

/** The key of the controlling owner if it is of that kind and group, in the same namespace. */
export const keyOfController =
  (kind: string, group: string): KeysOf<KubeObject> =>
  ({ metadata }) => {
    const owner = metadata.ownerReferences?.find((reference) => reference.controller === true);
    if (owner === undefined || owner.kind !== kind) return [];
    const slash = owner.apiVersion.indexOf('/');
    const ownerGroup = slash < 0 ? '' : owner.apiVersion.slice(0, slash);
    return ownerGroup === group ? [keyString({ ...metadata, name: owner.name })] : [];
  };
