import type { KubeObject, ManagedFieldsEntry } from '@pgherd/kube/objects';
import { fieldManager } from '../names.ts';
import { isObject } from './list-keys.ts';

/** Zalando's operator, as it appears in managedFields: the name of its program. */
const predecessor = 'postgres-operator';

/** FieldsV1: names of members below names of members. */
type Fields = Record<string, unknown>;

/** How an object's fields become ours: only exactly this version of it, with these managedFields. */
export interface TakeOver {
  resourceVersion: string;
  managedFields: ManagedFieldsEntry[];
}

/**
 * Entries that count as ours although they are none of server-side apply: what Zalando's operator wrote, and what we
 * wrote when we made an object (a Secret).
 */
export function inheritedEntries(live: KubeObject): ManagedFieldsEntry[] {
  return (live.metadata.managedFields ?? []).filter(
    ({ manager, operation, subresource, apiVersion }) =>
      (manager === predecessor || manager === fieldManager) &&
      operation === 'Update' &&
      (subresource ?? '') === '' &&
      apiVersion === live.apiVersion,
  );
}

/**
 * Makes the inherited fields ours by server-side apply, as client-go's csaupgrade does; undefined when there are none.
 * Otherwise a field that we stop to write would stay for ever, because its old owner still holds it.
 */
export function takeOver(live: KubeObject): TakeOver | undefined {
  const inherited = inheritedEntries(live);
  const entries = live.metadata.managedFields ?? [];
  const moved = inherited.map((entry) => movable(live, entry.fieldsV1 ?? {}));
  if (moved.every((fields) => Object.keys(fields).length === 0)) return undefined;
  const isOurs = ({ manager, operation, subresource }: ManagedFieldsEntry) =>
    manager === fieldManager && operation === 'Apply' && (subresource ?? '') === '';
  const own = entries.find(isOurs);
  const last = inherited.at(-1);
  const ours: ManagedFieldsEntry = {
    ...last,
    ...own,
    manager: fieldManager,
    operation: 'Apply',
    fieldsV1: [own?.fieldsV1 ?? {}, ...moved].reduce<Fields>(merge, {}),
  };
  const others = entries
    .filter((entry) => entry !== own)
    .flatMap((entry): ManagedFieldsEntry[] => {
      if (!inherited.includes(entry)) return [entry];
      const fieldsV1 = staying(live, entry.fieldsV1 ?? {});
      return Object.keys(fieldsV1).length === 0 ? [] : [{ ...entry, fieldsV1 }];
    });
  return { resourceVersion: live.metadata.resourceVersion ?? '', managedFields: [ours, ...others] };
}

/**
 * Annotation with the value `3600` that Zalando's operator gave every load balancer before v2, and that it left where it
 * was after that. Without it Amazon's older load balancers cut connections that are idle for a minute.
 */
const idleTimeout = 'service.beta.kubernetes.io/aws-load-balancer-connection-idle-timeout';

/** Of a Secret only its metadata: we never apply its contents, so owning them would mean to remove them. */
function movable(live: KubeObject, fields: Fields): Fields {
  if (live.kind === 'Secret') return pick(fields, (key) => key === 'f:metadata');
  if (live.kind !== 'Service') return fields;
  const metadata = member(fields, 'f:metadata');
  const annotations = member(metadata, 'f:annotations');
  if (!(`f:${idleTimeout}` in annotations)) return fields;
  const others = pick(annotations, (key) => key !== `f:${idleTimeout}`);
  return withMember(fields, 'f:metadata', withMember(metadata, 'f:annotations', others));
}

/** The rest. */
function staying(live: KubeObject, fields: Fields): Fields {
  if (live.kind === 'Secret') return pick(fields, (key) => key !== 'f:metadata');
  if (live.kind !== 'Service') return {};
  const annotations = member(member(fields, 'f:metadata'), 'f:annotations');
  const kept = pick(annotations, (key) => key === `f:${idleTimeout}`);
  return Object.keys(kept).length === 0 ? {} : { 'f:metadata': { 'f:annotations': kept } };
}

function member(fields: Fields, name: string): Fields {
  const value = fields[name];
  return isObject(value) ? value : {};
}

/** Without it when there is nothing in it. */
function withMember(fields: Fields, name: string, value: Fields): Fields {
  const others = pick(fields, (key) => key !== name);
  return Object.keys(value).length === 0 ? others : { ...others, [name]: value };
}

function pick(fields: Fields, isWanted: (key: string) => boolean): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([key]) => isWanted(key)));
}

function merge(one: Fields, other: Fields): Fields {
  const merged: Fields = { ...one };
  for (const [key, value] of Object.entries(other)) {
    const before = merged[key];
    merged[key] = isObject(before) && isObject(value) ? merge(before, value) : value;
  }
  return merged;
}

/**
 * What of an inherited entry may count as "no longer wanted". An Update also owns whatever the API server filled in,
 * in versions of Kubernetes that we do not know yet too; therefore only fields that operators write are looked at.
 */
export function isLeftover(path: string): boolean {
  if (path === `metadata.annotations.${idleTimeout}`) return false;
  return leftovers.some((pattern) => pattern.test(path));
}

const template = String.raw`^spec\.(jobTemplate\.spec\.)?template\.`;
const container = String.raw`spec\.(containers|initContainers)\[[^\]]*\]`;
const leftovers = [
  /^(metadata|spec\.template\.metadata)\.(labels|annotations)\./,
  /^metadata\.ownerReferences\[/,
  /^spec\.(selector|loadBalancerSourceRanges)(\.|$)/,
  new RegExp(
    `${template}spec\\.(priorityClassName|schedulerName|affinity|tolerations|topologySpreadConstraints|securityContext)(\\.|$)`,
  ),
  new RegExp(`${template}spec\\.volumes\\[[^\\]]*\\]$`),
  new RegExp(`${template}spec\\.initContainers$`),
  new RegExp(`${template}${container}$`),
  new RegExp(
    `${template}${container}\\.(env|envFrom|ports|volumeMounts|resources|livenessProbe|readinessProbe|startupProbe|lifecycle|command|args|securityContext)\\b`,
  ),
];
