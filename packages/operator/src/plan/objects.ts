import type { KubeObject } from '@pgherd/kube/objects';
import { describe, kinds, type Desired, type Kind } from '../kinds.ts';
import { fieldManager } from '../names.ts';
import { findIn, type Observed } from '../observe/observed.ts';
import { fieldChanges, printChange } from './field-change.ts';
import type { Step } from './step.ts';

/** Reason of every step that makes something new. */
export const missing = 'it does not exist';

/** Objects to make or to change. None of it disturbs anybody: what could is planned with the pods. */
export function planObjects(desired: Desired[], observed: Observed): Step[] {
  const steps = desired.flatMap((wanted) => planObject(wanted, observed));
  // What somebody else's finalizer holds back must not hold back the rest.
  return steps.sort((a, b) => Number(a.waitFor !== undefined) - Number(b.waitFor !== undefined));
}

function planObject(desired: Desired, observed: Observed): Step[] {
  const { kind, object, care, kept } = desired;
  const { name = '', namespace = observed.namespace } = object.metadata;
  const live = findIn(observed, kind, namespace, name);
  if (live === undefined) {
    if (care === 'merged') return [];
    const rest = kept === undefined ? [] : updateSteps(kind, kept, { metadata: { name, namespace } });
    return [createStep(desired), ...rest];
  }
  if (live.metadata.deletionTimestamp !== undefined) {
    return care === 'merged' ? [] : [makeAgain(desired)];
  }
  if (care === 'once') return kept === undefined ? [] : updateSteps(kind, kept, live);
  return updateSteps(kind, object, live);
}

function updateSteps(kind: Kind, object: KubeObject, live: KubeObject): Step[] {
  const changes = fieldChanges(object, live, fieldManager);
  if (changes.length === 0) return [];
  return [
    {
      what: `update ${describe(kind, object.metadata.name ?? '')}`,
      why: changes.map(printChange),
      disturbs: 'nothing',
      action: { type: 'apply', kind, object },
    },
  ];
}

function createStep({ kind, object, care, owner }: Desired): Step {
  return {
    what: `create ${describe(kind, object.metadata.name ?? '')}`,
    why: [missing],
    disturbs: 'nothing',
    action:
      care === 'once' || kind === kinds.secret
        ? { type: 'create', kind, object, ...(owner === undefined ? {} : { owner }) }
        : { type: 'apply', kind, object },
  };
}

/** What is on its way out can only be made again when it is gone. */
export function makeAgain(desired: Desired): Step {
  const name = describe(desired.kind, desired.object.metadata.name ?? '');
  return { ...createStep(desired), why: ['it is being deleted'], waitFor: `the old ${name} is gone` };
}
