import { leftToRight, rightToLeft, unassigned } from './saslprep-tables.ts';

/** Spaces of other scripts (RFC 3454 table C.1.2); they become the ASCII space. */
const otherSpaces = /[\u00A0\u1680\u2000-\u200B\u202F\u205F\u3000]/gu;

/** Characters that are left out (RFC 3454 table B.1). */
const leftOut = /\u00AD|\u034F|\u1806|\u180B|\u180C|\u180D|\u200C|\u200D|\u2060|[\uFE00-\uFE0F]|\uFEFF/gu;

/** Characters that a password must not contain (RFC 4013 section 2.3). */
const prohibited =
  /[\p{Cc}\p{Co}\p{Cs}\p{Noncharacter_Code_Point}\u0340\u0341\u06DD\u070F\u180E\u200E\u200F\u2028-\u202E\u2061-\u2063\u206A-\u206F\u2FF0-\u2FFB\uFFF9-\uFFFD\u{1D173}-\u{1D17A}\u{E0001}\u{E0020}-\u{E007F}]/u;

/**
 * The form of a password that SCRAM hashes, as PostgreSQL and libpq make it (RFC 4013): characters that look the same
 * become the same. A password that the rules forbid is taken as it is, which is what PostgreSQL does as well. Like
 * PostgreSQL, and unlike the RFC, this looks for what is forbidden before it makes characters the same.
 */
export function saslprep(password: string): string {
  // oxlint-disable-next-line no-control-regex -- ASCII is what is meant
  if (/^[\x00-\x7F]*$/.test(password)) return password;
  const mapped = password.replace(otherSpaces, ' ').replace(leftOut, '');
  if (mapped === '' || prohibited.test(mapped) || unassigned.test(mapped)) return password;
  if (rightToLeft.test(mapped)) {
    const characters = Array.from(mapped);
    const ends = [characters[0] ?? '', characters.at(-1) ?? ''];
    if (leftToRight.test(mapped) || !ends.every((end) => rightToLeft.test(end))) return password;
  }
  return mapped.normalize('NFKC');
}
