import { formatProblem, type Problem } from '@pgherd/api';

/** Something that is wrong with a cluster. */
export interface Trouble {
  /** Kind of trouble, in one word for machines. */
  reason: string;
  /** What is wrong, where, and what to do, in one sentence. Never with a secret in it. */
  message: string;
}

/** Longest text of a trouble; the status must stay readable. */
const longest = 1000;

/** Shortens what was too long to be read anyway. */
export function shorten(text: string, length = longest): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}

/** What is wrong with the manifest; undefined when it can be acted on. */
export function manifestTrouble(problems: Problem[]): Trouble | undefined {
  if (problems.length === 0) return undefined;
  const message = `${problems.map(formatProblem).join(' ')} The cluster is left as it is until the manifest is corrected.`;
  return { reason: 'ManifestInvalid', message: shorten(message) };
}
