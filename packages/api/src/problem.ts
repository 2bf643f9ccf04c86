/** Something about a manifest or a configuration that its author should change. */
export interface Problem {
  /**
   * `error`: nothing of the manifest is acted on (status `Invalid`), or the operator does not start.
   * `warning`: everything is acted on but what `message` names.
   */
  severity: 'error' | 'warning';
  /** Path of the field (`spec.users.foo`) or key of the configuration. */
  field: string;
  /** What is wrong, and what to do. One sentence or two, without the field's path. */
  message: string;
  /** Reason of the event that tells of it, where Zalando's operator has one of its own for it. */
  reason?: string;
}

/** In one line, for events, conditions and terminals. */
export function formatProblem(problem: Problem): string {
  return `${problem.field}: ${problem.message}`;
}
