/** PostgreSQL cuts longer names off, and two people could become one. In bytes of UTF-8. */
const longest = 63;

/** Roles of PostgreSQL's own cannot be made. */
const reserved = new Set(['public', 'none', 'current_user', 'current_role', 'session_user']);

/** Why the name of a person cannot be the name of a role, as the rest of a sentence; undefined: it can. */
export function whyNoRoleName(name: string): string | undefined {
  if (name === '') return 'it is empty';
  if (/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u.test(name)) return 'it has characters in it that nobody can see';
  if (name !== name.trim()) return 'it begins or ends with a space';
  const bytes = Buffer.byteLength(name);
  if (bytes > longest) return `it has ${bytes} bytes, and a role's name at most ${longest}`;
  if (name.startsWith('pg_') || reserved.has(name)) return 'PostgreSQL reserves it';
  return undefined;
}
