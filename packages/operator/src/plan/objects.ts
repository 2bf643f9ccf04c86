import type { KubeObject } from '@pgherd/kube/objects';
import { describe, kinds, type Desired, type Kind } from '../kinds.ts';
import { findIn, type Observed } from '../observe/observed.ts';
import { fieldChanges, printChange, type Comparison, type FieldChange } from './field-change.ts';
import { encode } from '../secrets/contents.ts';
import type { SecretChange } from '../secrets/role-secret.ts';
import type { Action, Step } from './step.ts';
import { takeOver } from './taken-over.ts';

/** Reason of every step that makes something new. */
export const missing = 'it does not exist';

/** Objects to make or to change. Only poolers whose pods are replaced disturb anybody; what else could is planned with the pods. */
export function planObjects(
  desired: Desired[],
  observed: Observed,
  ignoredAnnotations: readonly string[],
): Step[] {
  const steps = desired.flatMap((wanted) => planObject(wanted, observed, { ignoredAnnotations }));
  // What somebody else's finalizer holds back must not hold back the rest.
  return steps.sort((a, b) => Number(a.waitFor !== undefined) - Number(b.waitFor !== undefined));
}

function planObject(desired: Desired, observed: Observed, comparison: Comparison): Step[] {
  const { kind, object, care, kept } = desired;
  const { name = '', namespace = observed.namespace } = object.metadata;
  const live = findIn(observed, kind, namespace, name);
  const partly = { ...comparison, isPart: true };
  if (live === undefined) {
    if (care === 'merged') return [];
    const rest = kept === undefined ? [] : updateSteps(kind, kept, { metadata: { name, namespace } }, partly);
    return [waiting(desired, createStep(desired)), ...rest];
  }
  if (live.metadata.deletionTimestamp !== undefined) {
    return care === 'merged' ? [] : [makeAgain(desired)];
  }
  if (desired.change !== undefined) return [changeStep(desired, desired.change, live)];
  if (care === 'once') return kept === undefined ? [] : updateSteps(kind, kept, live, partly);
  return care === 'merged'
    ? updateSteps(kind, onlyThis(object, live), live, partly)
    : updateSteps(kind, object, live, comparison);
}

/** Exactly the version that was looked at: whoever has written to it since knows better. Its metadata has its turn after it. */
function changeStep({ kind, object }: Desired, change: SecretChange, live: KubeObject): Step {
  const { what, why, data } = change;
  const { name = '', namespace = '' } = object.metadata;
  const { uid, resourceVersion } = live.metadata;
  const encoded = Object.entries(data).map(([key, text]) => [key, text === null ? null : encode(text)]);
  return {
    what,
    why,
    disturbs: 'nothing',
    action: {
      type: 'patch',
      kind,
      namespace,
      name,
      patch: {
        metadata: { uid, resourceVersion },
        data: Object.fromEntries(encoded) as object,
      },
    },
  };
}

/** Applied to exactly the object that was looked at, so that it is not made when it is gone. */
function onlyThis(object: KubeObject, { metadata: { uid } }: KubeObject): KubeObject {
  return uid === undefined ? object : { ...object, metadata: { ...object.metadata, uid } };
}

/** The step as it can be taken now: not at all while something is missing that it needs. */
export function waiting({ waitFor }: Desired, step: Step): Step {
  return waitFor === undefined ? step : { ...step, waitFor };
}

function updateSteps(kind: Kind, object: KubeObject, live: KubeObject, comparison: Comparison): Step[] {
  const changes = fieldChanges(object, live, comparison);
  if (changes.length === 0) return [];
  const isFelt = replacesPods(kind, changes);
  return [
    {
      what: `update ${describe(kind, object.metadata.name ?? '')}${isFelt ? ', its pods are replaced' : ''}`,
      why: changes.map(printChange),
      disturbs: isFelt ? 'restart' : 'nothing',
      action: comparison.isPart === true ? { type: 'apply', kind, object } : applyTo(kind, object, live),
    },
  ];
}

/** Kubernetes itself replaces the pods of a Deployment when their template changes; here only poolers have one. */
function replacesPods(kind: Kind, changes: readonly FieldChange[]): boolean {
  return kind === kinds.deployment && changes.some(({ path }) => path.startsWith('spec.template.'));
}

function createStep({ kind, object, care, owner }: Desired): Step {
  return {
    what: `create ${describe(kind, object.metadata.name ?? '')}`,
    why: [missing],
    disturbs: 'nothing',
    action: {
      ...(care === 'once' || care === 'labelled' ? { type: 'create' } : { type: 'apply', isNew: true }),
      kind,
      object,
      ...(owner === undefined ? {} : { owner }),
    },
  };
}

/** Writes an object that exists, and takes over the fields that others wrote of it before us. */
export function applyTo(kind: Kind, object: KubeObject, live: KubeObject): Action {
  const taken = takeOver(live);
  return { type: 'apply', kind, object, ...(taken === undefined ? {} : { takeOver: taken }) };
}

/** What is on its way out can only be made again when it is gone. */
export function makeAgain(desired: Desired): Step {
  const name = describe(desired.kind, desired.object.metadata.name ?? '');
  return { ...createStep(desired), why: ['it is being deleted'], waitFor: `the old ${name} is gone` };
}
