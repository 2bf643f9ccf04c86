import { describe, kinds, type Desired } from '../kinds.ts';
import { fieldManager } from '../names.ts';
import { find, type Observed } from '../observe/observed.ts';
import { fieldChanges, printChange } from './field-change.ts';
import type { Step } from './step.ts';

/** Objects to make or to change. None of it disturbs anybody: what could is planned with the pods. */
export function planObjects(desired: Desired[], observed: Observed): Step[] {
  return desired.flatMap((wanted) => {
    const step = planObject(wanted, observed);
    return step === undefined ? [] : [step];
  });
}

function planObject({ kind, object }: Desired, observed: Observed): Step | undefined {
  const name = object.metadata.name ?? '';
  const live = find(observed, kind, name);
  if (live === undefined) {
    return {
      what: `create ${describe(kind, name)}`,
      why: ['it does not exist'],
      disturbs: 'nothing',
      action: { type: kind === kinds.secret ? 'create' : 'apply', kind, object },
    };
  }
  // What is on its way out comes back in a later pass, when it is gone.
  if (live.metadata.deletionTimestamp !== undefined) return undefined;
  const changes = fieldChanges(object, live, fieldManager);
  if (changes.length === 0) return undefined;
  return {
    what: `update ${describe(kind, name)}`,
    why: changes.map(printChange),
    disturbs: 'nothing',
    action: { type: 'apply', kind, object },
  };
}
