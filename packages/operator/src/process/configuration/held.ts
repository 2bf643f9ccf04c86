import {
  formatProblem,
  overlay,
  parseConfiguration,
  parseOperatorConfiguration,
  type Overrides,
  type ParsedConfiguration,
  type Problem,
} from '@pgherd/api';
import type { KubeObject } from '@pgherd/kube/objects';
import type { Settings } from '../../settings.ts';

/** What stands at the origin of the configuration now. */
export type Found =
  /** A ConfigMap's `data`, or a whole `OperatorConfiguration`; `about` is the object that events are about. */
  | { type: 'ConfigMap' | 'OperatorConfiguration'; content: unknown; about?: KubeObject }
  /** There is something, but nobody can read it. */
  | { type: 'unreadable'; why: string }
  /** There is nothing. */
  | { type: 'missing'; about?: KubeObject };

/** The configuration as the operator holds it: what is in force, and what stands in the way of a newer one. */
export interface Held {
  /** In force; undefined until there was a good one, and nothing is touched until then. */
  settings: Settings | undefined;
  /** Why what stands at the origin is not in force; empty: it is. */
  errors: string[];
  /** What is taken, but not as its writer may think. */
  warnings: string[];
  /** The object that it was last read from. */
  about: KubeObject | undefined;
}

export const nothingHeld: Held = { settings: undefined, errors: [], warnings: [], about: undefined };

/**
 * Takes what was found, unless something is wrong with it: then the last good configuration stays in force, and nothing
 * changes for any cluster.
 */
export function take(last: Held, found: Found, overrides: Overrides): Held {
  if (found.type === 'missing') {
    return {
      ...last,
      errors: ['it is not there; create it'],
      warnings: [],
      about: found.about ?? last.about,
    };
  }
  if (found.type === 'unreadable') return { ...last, errors: [found.why], warnings: [] };
  const parsed = parse(found.type, found.content);
  const { configuration, problems: more } = overlay(parsed.configuration, overrides);
  const problems = distinct([...parsed.problems, ...more]);
  const errors = problems.filter(({ severity }) => severity === 'error').map(formatProblem);
  const warnings = problems.filter(({ severity }) => severity !== 'error').map(formatProblem);
  const { about } = found;
  if (errors.length > 0) return { ...last, errors, warnings, about };
  return { settings: { configuration, named: parsed.named }, errors, warnings, about };
}

function parse(type: 'ConfigMap' | 'OperatorConfiguration', content: unknown): ParsedConfiguration {
  if (type === 'OperatorConfiguration') return parseOperatorConfiguration(content);
  if (typeof content === 'object' && content !== null && !Array.isArray(content)) {
    return parseConfiguration(content as Record<string, unknown>);
  }
  const message = 'it must be a mapping of keys to values.';
  return { ...parseConfiguration({}), problems: [{ severity: 'error', field: 'data', message }] };
}

function distinct(problems: Problem[]): Problem[] {
  return [...new Map(problems.map((problem) => [formatProblem(problem), problem])).values()];
}
