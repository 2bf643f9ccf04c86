import type { Pod, PodSpec } from '@pgherd/kube/objects';
import { applyBuiltinDefaults } from '@pgherd/kube/schema';
import { compareFields } from './compare.ts';
import type { FieldChange } from './field-change.ts';
import { isObject } from './list-keys.ts';
import { leftFields } from './owned.ts';
import { isLeftover } from './taken-over.ts';

/**
 * How a pod differs from what the StatefulSet's template would make of it now. Labels and annotations do not count:
 * they need no new pod.
 */
export function podDrift(template: PodSpec, pod: Pod): FieldChange[] {
  const changes: FieldChange[] = [];
  const live = pod.spec ?? { containers: [] };
  const { tolerations, ...rest } = template;
  compareFields(rest, live, ['spec'], changes);
  compareTolerations(tolerations ?? [], live.tolerations ?? [], changes);
  const origin = pod.metadata.managedFields?.find(isOrigin);
  if (origin === undefined) extraElements(template, live, changes);
  else droppedFromTemplate(template, pod, origin.fieldsV1 ?? {}, changes);
  return changes;
}

/** Whoever made the pod owns what its template said, and nothing that admission added. */
function isOrigin({ operation, subresource, fieldsV1 }: ManagedFieldsEntry): boolean {
  return (
    operation === 'Update' && (subresource ?? '') === '' && fieldsV1 !== undefined && 'f:spec' in fieldsV1
  );
}

type ManagedFieldsEntry = NonNullable<Pod['metadata']['managedFields']>[number];

function droppedFromTemplate(template: PodSpec, pod: Pod, fields: object, changes: FieldChange[]): void {
  const made = { apiVersion: 'v1', kind: 'Pod', metadata: {}, spec: structuredClone(template) };
  applyBuiltinDefaults(made);
  const known = new Set(changes.map(({ path }) => path));
  // Some API servers count what admission added among the maker's own.
  const isForeign = ({ path, from }: FieldChange) =>
    (isObject(from) && 'persistentVolumeClaim' in from) || addedByAdmission(...lastElement(path));
  const spec = { 'f:spec': (fields as Record<string, unknown>)['f:spec'] };
  for (const change of leftFields(spec, made, pod)) {
    if (!isLeftover(`spec.template.${change.path}`) || isForeign(change) || known.has(change.path)) continue;
    changes.push(change);
  }
}

/**
 * Admission adds tolerations of its own to every pod (`node.kubernetes.io/…`), so ours need only be among them, and
 * only others can be left over.
 */
function compareTolerations(
  wanted: readonly object[],
  live: readonly { key?: string }[],
  changes: FieldChange[],
): void {
  const isSame = (one: object, other: object) => {
    const differences: FieldChange[] = [];
    compareFields(one, other, [], differences);
    return differences.length === 0;
  };
  for (const [index, toleration] of wanted.entries()) {
    if (live.some((candidate) => isSame(toleration, candidate))) continue;
    changes.push({ path: `spec.tolerations.${index}`, from: undefined, to: toleration });
  }
  for (const [index, toleration] of live.entries()) {
    if (toleration.key?.startsWith('node.kubernetes.io/') === true) continue;
    if (wanted.some((candidate) => isSame(candidate, toleration))) continue;
    changes.push({ path: `spec.tolerations.${index}`, from: toleration, to: undefined });
  }
}

/** What the pod has and the template has no longer, for a pod that does not say who wrote what. */
function extraElements(template: PodSpec, live: PodSpec, changes: FieldChange[]): void {
  const report = (path: string, wanted: unknown, has: unknown, key: string) => {
    for (const element of asList(has)) {
      const name = String(element[key]);
      if (addedByAdmission(path, name)) continue;
      if (!asList(wanted).some((candidate) => candidate[key] === element[key])) {
        changes.push({ path: `${path}[${key}=${name}]`, from: element, to: undefined });
      }
    }
  };
  report('spec.containers', template.containers, live.containers, 'name');
  report('spec.initContainers', template.initContainers, live.initContainers, 'name');
  report(
    'spec.volumes',
    template.volumes,
    live.volumes?.filter(({ persistentVolumeClaim }) => !persistentVolumeClaim),
    'name',
  );
  for (const container of live.containers) {
    const wanted = template.containers.find(({ name }) => name === container.name);
    if (wanted === undefined) continue;
    const path = `spec.containers[name=${container.name}]`;
    report(`${path}.env`, wanted.env, container.env, 'name');
    report(`${path}.volumeMounts`, wanted.volumeMounts, container.volumeMounts, 'mountPath');
    for (const part of ['requests', 'limits'] as const) {
      for (const name of Object.keys(container.resources?.[part] ?? {})) {
        // A request that was not asked for is defaulted from the limit.
        if (wanted.resources?.[part]?.[name] !== undefined || wanted.resources?.limits?.[name] !== undefined)
          continue;
        changes.push({
          path: `${path}.resources.${part}.${name}`,
          from: container.resources?.[part]?.[name],
          to: undefined,
        });
      }
    }
  }
}

/** `spec.volumes[name=x]` is the list `spec.volumes` and the element `x`. */
function lastElement(path: string): [string, string] {
  const [, list = '', element = ''] = /^(.*)\[[^=\]]*=([^\]]*)\]/.exec(path) ?? [];
  return [list, element];
}

/** The service account's token volume and its mounts. */
function addedByAdmission(path: string, name: string): boolean {
  if (path.endsWith('volumeMounts')) return name.startsWith('/var/run/secrets/kubernetes.io/');
  return path === 'spec.volumes' && name.startsWith('kube-api-access-');
}

function asList(value: unknown): Record<string, unknown>[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}
