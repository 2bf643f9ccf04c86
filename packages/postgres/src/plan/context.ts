import type { Declared } from '../declared.ts';
import type { Observed } from '../observe/observe.ts';
import type { NewVerifiers } from '../password-checker.ts';
import type { Conflict, Note } from './step.ts';

/** What the planners of all nouns share. */
export interface PlanContext {
  /** Without what `conflicts` names already. */
  declared: Declared;
  observed: Observed;
  verifiers: NewVerifiers;
  /** Names of the roles that exist once the steps so far are done. */
  knownRoles: ReadonlySet<string>;
  /** Planners add what they cannot do. */
  conflicts: Conflict[];
  /** Planners add what is worth knowing and keeps nothing from being done. */
  notes: Note[];
}
