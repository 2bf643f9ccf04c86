import type { Pod, PodSpec } from '@pgherd/kube/objects';
import { compareFields } from './compare.ts';
import type { FieldChange } from './field-change.ts';
import { isObject } from './list-keys.ts';

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
  extraElements(template, live, changes);
  return changes;
}

/** Admission adds tolerations of its own to every pod, so ours need only be among them. */
function compareTolerations(wanted: object[], live: object[], changes: FieldChange[]): void {
  for (const [index, toleration] of wanted.entries()) {
    const found = live.some((candidate) => {
      const differences: FieldChange[] = [];
      compareFields(toleration, candidate, [], differences);
      return differences.length === 0;
    });
    if (!found) changes.push({ path: `spec.tolerations.${index}`, from: undefined, to: toleration });
  }
}

/** What the pod has and the template has no longer, as far as it came from a template. */
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

/** The service account's token volume and its mounts. */
function addedByAdmission(path: string, name: string): boolean {
  if (path.endsWith('volumeMounts')) return name.startsWith('/var/run/secrets/kubernetes.io/');
  return path === 'spec.volumes' && name.startsWith('kube-api-access-');
}

function asList(value: unknown): Record<string, unknown>[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}
