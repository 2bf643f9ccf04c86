import type { PamArguments } from './arguments.ts';

/** Why a login is refused; `undefined`: it is not. The words go to PostgreSQL's log, so no token is ever in them. */
export type Refusal = string | undefined;

type Fields = Record<string, unknown>;

/**
 * Whether the token-info server's answer lets `user` in.
 * @param body what it sent with status 200
 * @param now seconds since 1970
 */
export function judge(body: string, user: string, wanted: PamArguments, now: number): Refusal {
  let fields: unknown;
  try {
    fields = JSON.parse(body);
  } catch {
    return 'the token-info server did not answer with JSON';
  }
  if (typeof fields !== 'object' || fields === null || Array.isArray(fields)) {
    return 'the token-info server did not answer with a JSON object';
  }
  return (
    ofAnother(fields as Fields, user, wanted.userField) ??
    overdue(fields as Fields, now) ??
    wanted.conditions.map(({ field, value }) => unmet(fields as Fields, field, value)).find(Boolean)
  );
}

/** A field of the answer itself, never one that every object inherits. */
const own = (fields: Fields, field: string): unknown =>
  Object.hasOwn(fields, field) ? fields[field] : undefined;

function ofAnother(fields: Fields, user: string, field: string): Refusal {
  const value = own(fields, field);
  if (typeof value !== 'string') return `the token's ${field} is missing or no text`;
  return value === user ? undefined : `the token's ${field} is another user`;
}

/** `expires_in` and `exp` need not be there; what is there must be a number in the future. `active` is of RFC 7662. */
function overdue(fields: Fields, now: number): Refusal {
  if (Object.hasOwn(fields, 'active') && fields['active'] !== true) return 'the token is not active';
  for (const [field, least] of [
    ['expires_in', 0],
    ['exp', now],
  ] as const) {
    if (!Object.hasOwn(fields, field)) continue;
    const value = fields[field];
    if (typeof value !== 'number') return `the token's ${field} is not a number`;
    if (!(value > least)) return 'the token has expired';
  }
  return undefined;
}

function unmet(fields: Fields, field: string, wanted: string): Refusal {
  const value = own(fields, field);
  const text = typeof value === 'number' || typeof value === 'boolean' ? String(value) : value;
  return text === wanted ? undefined : `the token's ${field} is not what it must be`;
}
