import { describe } from '../kinds.ts';
import type { Observed } from '../observe/observed.ts';
import type { Found } from './parts.ts';
import type { Step } from './step.ts';

/** Deletes exactly this object; one that is on its way out already is waited for. */
export function removalStep({ kind, object }: Found, observed: Observed, why: string): Step {
  const { name = '', namespace = observed.namespace, uid = '', deletionTimestamp } = object.metadata;
  return {
    what: `delete ${describe(kind, name)}`,
    why: [why],
    disturbs: 'nothing',
    action: { type: 'delete', kind, namespace, name, uid },
    ...(deletionTimestamp === undefined ? {} : { waitFor: `${describe(kind, name)} is gone` }),
  };
}

/** What is no longer wanted goes last; what is on its way out already needs nothing more. */
export function removeUnwanted(unwanted: readonly Found[], observed: Observed): Step[] {
  return unwanted
    .filter(({ object }) => object.metadata.deletionTimestamp === undefined)
    .map((found) => removalStep(found, observed, 'nothing asks for it any more'));
}
