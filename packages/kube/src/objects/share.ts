/**
 * The JSON value `now` with every part that `before` has in the same place replaced by the very part of `before`; `before`
 * itself when they are equal. Equal parts are then kept only once, and whoever knows `before` finds out with `===` what has
 * not changed. The order of members does not count.
 *
 * `now` must belong to the caller: it is changed, except for what is frozen. `before` never is.
 */
export function share<T>(now: T, before: unknown): T {
  if (Object.is(now, before)) return now;
  if (!isContainer(now) || !isContainer(before) || Array.isArray(now) !== Array.isArray(before)) return now;
  const [parts, known] = [now as Parts, before as Parts];
  const isFixed = Object.isFrozen(now);
  const keys = Object.keys(parts);
  let isSame = keys.length === Object.keys(known).length;
  for (const key of keys) {
    // Assigning to a member of this name would do something else.
    if (key === '__proto__' || !Object.hasOwn(known, key)) {
      isSame = false;
      continue;
    }
    const part = isFixed ? parts[key] : (parts[key] = share(parts[key], known[key]));
    if (!Object.is(part, known[key])) isSame = false;
  }
  return isSame ? (before as T) : now;
}

type Parts = Record<string, unknown>;

function isContainer(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
