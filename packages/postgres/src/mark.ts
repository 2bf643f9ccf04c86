/**
 * What the comment of a person's role begins with, so that the role is known as a person's when nobody declares it any
 * more. Somebody's own comment stays behind it.
 */
export interface Mark {
  /** The name that the role had before the person left; missing: the person is here. */
  formerName?: string;
  /** What the comment says besides. */
  rest: string;
}

/** The former name is a JSON string, so that it may contain anything. */
const pattern = /^\[pgherd: person(?:, departed: ("(?:[^"\\]|\\.)*"))?\] ?/;

/** undefined: not a person's role. */
export function markOf(comment: string | null): Mark | undefined {
  const match = pattern.exec(comment ?? '');
  if (comment === null || !match) return undefined;
  const rest = comment.slice(match[0].length);
  if (match[1] === undefined) return { rest };
  const formerName = textOf(match[1]);
  return formerName === undefined ? undefined : { formerName, rest };
}

export function commentOf({ formerName, rest }: Mark): string {
  const departed = formerName === undefined ? '' : `, departed: ${JSON.stringify(formerName)}`;
  return `[pgherd: person${departed}]${rest === '' ? '' : ` ${rest}`}`;
}

function textOf(json: string): string | undefined {
  try {
    return String(JSON.parse(json));
  } catch {
    return undefined;
  }
}
