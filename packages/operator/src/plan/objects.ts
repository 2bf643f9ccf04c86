import { describe, kinds, type Desired } from '../kinds.ts';
import { fieldManager } from '../names.ts';
import { find, type Observed } from '../observe/observed.ts';
import { fieldChanges, printChange } from './field-change.ts';
import type { Step } from './step.ts';

/** Reason of every step that makes something new. */
export const missing = 'it does not exist';

/** Objects to make or to change. None of it disturbs anybody: what could is planned with the pods. */
export function planObjects(desired: Desired[], observed: Observed): Step[] {
  const steps = desired.flatMap((wanted) => planObject(wanted, observed) ?? []);
  // What somebody else's finalizer holds back must not hold back the rest.
  return steps.sort((a, b) => Number(a.waitFor !== undefined) - Number(b.waitFor !== undefined));
}

function planObject({ kind, object }: Desired, observed: Observed): Step | undefined {
  const name = object.metadata.name ?? '';
  const live = find(observed, kind, name);
  if (live === undefined) {
    return {
      what: `create ${describe(kind, name)}`,
      why: [missing],
      disturbs: 'nothing',
      action: { type: kind === kinds.secret ? 'create' : 'apply', kind, object },
    };
  }
  if (live.metadata.deletionTimestamp !== undefined) return makeAgain({ kind, object });
  const changes = fieldChanges(object, live, fieldManager);
  if (changes.length === 0) return undefined;
  return {
    what: `update ${describe(kind, name)}`,
    why: changes.map(printChange),
    disturbs: 'nothing',
    action: { type: 'apply', kind, object },
  };
}

/** What is on its way out can only be made again when it is gone. */
export function makeAgain({ kind, object }: Desired): Step {
  const name = describe(kind, object.metadata.name ?? '');
  return {
    what: `create ${name}`,
    why: ['it is being deleted'],
    disturbs: 'nothing',
    action: { type: 'apply', kind, object },
    waitFor: `the old ${name} is gone`,
  };
}
