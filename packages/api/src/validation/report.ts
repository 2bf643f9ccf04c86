import type { Configuration } from '../configuration/keys.ts';
import type { Postgresql } from '../postgresql/postgresql.ts';
import type { Problem } from '../problem.ts';

/** One concern of validation: looks at the manifest and reports what is wrong with it. */
export type Check = (manifest: Postgresql, configuration: Configuration, report: Report) => void;

/** Collects problems. */
export interface Report {
  /** The manifest cannot be acted on. */
  error(field: string, message: string): void;
  /** One part of the manifest is left out, the rest is acted on. */
  warning(field: string, message: string): void;
}

export function newReport(problems: Problem[]): Report {
  return {
    error: (field, message) => problems.push({ severity: 'error', field, message }),
    warning: (field, message) => problems.push({ severity: 'warning', field, message }),
  };
}
