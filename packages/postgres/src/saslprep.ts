/** Spaces of other scripts (RFC 3454 table C.1.2); they become the ASCII space. */
const otherSpaces = /[\u00A0\u1680\u2000-\u200B\u202F\u205F\u3000]/gu;

/** Characters that are left out (RFC 3454 table B.1). */
const leftOut = /\u00AD|\u034F|\u1806|\u180B|\u180C|\u180D|\u200C|\u200D|\u2060|[\uFE00-\uFE0F]|\uFEFF/gu;

/** Characters that a password must not contain (RFC 4013 section 2.3). */
const prohibited =
  /[\p{Cc}\p{Co}\p{Cs}\p{Noncharacter_Code_Point}\u0340\u0341\u06DD\u070F\u180E\u200E\u200F\u2028-\u202E\u2061-\u2063\u206A-\u206F\u2FF0-\u2FFB\uFFF9-\uFFFD\u{1D173}-\u{1D17A}\u{E0001}\u{E0020}-\u{E007F}]/u;

/** Letters of scripts that run from right to left. */
const rightToLeft = /[\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Thaana}]/u;
const leftToRight = /[\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}\p{Script=Han}\p{Script=Hangul}]/u;

/**
 * The form of a password that SCRAM hashes, as PostgreSQL and libpq make it (RFC 4013): characters that look the same
 * become the same. A password that the rules forbid is taken as it is, which is what PostgreSQL does as well.
 *
 * Not done: the rule that characters younger than Unicode 3.2 are forbidden too; for a password that has both such a
 * character and one that would be changed, PostgreSQL hashes another text.
 */
export function saslprep(password: string): string {
  // oxlint-disable-next-line no-control-regex -- ASCII is what is meant
  if (/^[\x00-\x7F]*$/.test(password)) return password;
  const prepared = password.replace(otherSpaces, ' ').replace(leftOut, '').normalize('NFKC');
  if (prepared === '' || prohibited.test(prepared)) return password;
  if (rightToLeft.test(prepared)) {
    const characters = Array.from(prepared);
    const ends = [characters[0] ?? '', characters.at(-1) ?? ''];
    if (leftToRight.test(prepared) || !ends.every((end) => rightToLeft.test(end))) return password;
  }
  return prepared;
}
