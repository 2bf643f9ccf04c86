import type { Pod, PodTemplateSpec } from '@pgherd/kube/objects';
import { describe, kinds } from '../kinds.ts';
import { fieldManager, localAnnotation } from '../names.ts';
import type { Member, Observed } from '../observe/observed.ts';
import { printChange, type FieldChange } from './field-change.ts';
import { isObject } from './list-keys.ts';
import { localChanges } from './local-configuration.ts';
import { rollingUpdateAnnotation } from './rollout.ts';
import type { Step } from './step.ts';

/** Who writes labels and annotations of the template on pods: the StatefulSet's controller, or an operator. */
const writers = new Set(['kube-controller-manager', 'postgres-operator', fieldManager]);

/** Written by them as well, but for a reason of its own. */
function isOwnMark(key: string): boolean {
  const marks = [rollingUpdateAnnotation, 'critical-operation', 'controller-revision-hash'];
  return marks.includes(key) || /^(statefulset|apps)\.kubernetes\.io\//.test(key);
}

/** Labels and annotations of the template are put on the running pods: no pod is replaced for them. */
export function podMetadataSteps(
  template: PodTemplateSpec,
  observed: Observed,
  members: Member[],
  ignoredAnnotations: readonly string[],
): Step[] {
  return members
    .filter(({ deleting }) => !deleting)
    .flatMap((member) => podMetadataStep(template, observed, member, ignoredAnnotations));
}

function podMetadataStep(
  template: PodTemplateSpec,
  observed: Observed,
  { name, pod }: Member,
  ignoredAnnotations: readonly string[],
): Step[] {
  const changes = [
    ...differences('labels', template, pod, []),
    ...differences('annotations', template, pod, ignoredAnnotations),
  ];
  if (changes.length === 0) return [];
  const patchOf = (part: Part) =>
    Object.fromEntries(
      changes.filter((change) => change.part === part).map(({ key, to }) => [key, to ?? null]),
    );
  const isFile = changes.some(isLocal);
  return [
    {
      what: isFile
        ? `have PostgreSQL of ${name} take in its own configuration`
        : `label and annotate ${describe(kinds.pod, name)} in place`,
      why: changes.flatMap(reasons),
      disturbs: isFile ? 'reload' : 'nothing',
      action: {
        type: 'patch',
        kind: kinds.pod,
        namespace: observed.namespace,
        name,
        patch: {
          metadata: { uid: pod.metadata.uid, labels: patchOf('labels'), annotations: patchOf('annotations') },
        },
      },
    },
  ];
}

/** The annotation that a file in the pod is made from. */
function isLocal({ part, key }: Change): boolean {
  return part === 'annotations' && key === localAnnotation;
}

function reasons(change: Change): string[] {
  if (!isLocal(change)) return [printChange(change)];
  const { from, to } = change;
  return localChanges(from, to).map(({ name, ...values }) => printChange({ path: name, ...values }));
}

type Part = 'labels' | 'annotations';

/** A label or annotation that differs; undefined: it is not there. */
interface Change extends FieldChange {
  part: Part;
  key: string;
  from: string | undefined;
  to: string | undefined;
}

function differences(part: Part, template: PodTemplateSpec, pod: Pod, ignored: readonly string[]): Change[] {
  const wanted = template.metadata?.[part] ?? {};
  const live = pod.metadata[part] ?? {};
  const change = (key: string) => ({
    path: `metadata.${part}.${key}`,
    part,
    key,
    from: live[key],
    to: wanted[key],
  });
  const changed = Object.keys(wanted).filter((key) => live[key] !== wanted[key]);
  const dropped = writtenKeys(part, pod).filter((key) => !(key in wanted) && key in live && !isOwnMark(key));
  return [...new Set([...changed, ...dropped])].filter((key) => !ignored.includes(key)).map(change);
}

/** Keys that a writer of the template's metadata owns on the pod. */
function writtenKeys(part: Part, pod: Pod): string[] {
  return (pod.metadata.managedFields ?? [])
    .filter(({ manager, subresource }) => writers.has(manager ?? '') && (subresource ?? '') === '')
    .flatMap(({ fieldsV1 }) => {
      const metadata = fieldsV1?.['f:metadata'];
      const fields = isObject(metadata) ? metadata[`f:${part}`] : undefined;
      return isObject(fields) ? Object.keys(fields) : [];
    })
    .filter((key) => key.startsWith('f:'))
    .map((key) => key.slice(2));
}
