import { createHash } from 'node:crypto';
import { canonicalJson } from './objects.ts';

/** No vowels and no look-alikes, so that no hash is a word: Kubernetes' own choice. */
const ALPHABET = 'bcdfghjklmnpqrstvwxz2456789';

/**
 * Ten characters for a name or label: equal values have equal ones. When what it names is taken by something else,
 * a higher `collisionCount` gives another one.
 */
export function safeHash(value: unknown, collisionCount: number): string {
  const digest = createHash('sha256')
    .update(`${canonicalJson(value)}#${collisionCount}`)
    .digest();
  return [...digest.subarray(0, 10)].map((byte) => ALPHABET[byte % ALPHABET.length]).join('');
}
