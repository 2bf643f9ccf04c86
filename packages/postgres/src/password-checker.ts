import { createHash, randomBytes } from 'node:crypto';
import type { DeclaredRole } from './declared.ts';
import type { Observed } from './observe/observe.ts';
import { isVerifier, passwordMatches, saltLength, scramVerifier } from './scram.ts';

/** Verifiers to set, by role. A role that is missing keeps the one that it has. */
export type NewVerifiers = Map<string, string>;

/** Enough for all roles of a thousand clusters, in some megabytes; those asked for longest ago are forgotten first. */
const mostRemembered = 50_000;

/**
 * Finds the roles whose stored verifier is not one of their declared password. Comparing takes milliseconds of
 * computing for each role, so what was found equal is remembered, as digests only, as long as the checker lives.
 */
export class PasswordChecker {
  readonly #newSalt: () => Buffer;
  /** Digest of role, declared password and stored verifier, for pairs that were found to match. */
  readonly #matching = new Set<string>();

  constructor(newSalt: () => Buffer = () => randomBytes(saltLength)) {
    this.#newSalt = newSalt;
  }

  async newVerifiers(roles: readonly DeclaredRole[], observed: Observed): Promise<NewVerifiers> {
    const found = await Promise.all(
      roles.map(async (role): Promise<[string, string | undefined]> => [
        role.name,
        role.password === undefined || role.password === null || role.password === ''
          ? undefined
          : await this.#newVerifier(
              role.name,
              role.password,
              observed.roles.get(role.name)?.verifier ?? null,
            ),
      ]),
    );
    return new Map(found.filter((entry): entry is [string, string] => entry[1] !== undefined));
  }

  async #newVerifier(role: string, password: string, stored: string | null): Promise<string | undefined> {
    const digest = createHash('sha256')
      .update(JSON.stringify([role, password, stored]))
      .digest('base64');
    if (this.#matching.has(digest) || (await passwordMatches(role, password, stored))) {
      this.#remember(digest);
      return undefined;
    }
    return isVerifier(password) ? password : scramVerifier(password, this.#newSalt());
  }

  /** Adds it behind the others; a set keeps the order in which it was filled. */
  #remember(digest: string): void {
    this.#matching.delete(digest);
    this.#matching.add(digest);
    for (const oldest of this.#matching) {
      if (this.#matching.size <= mostRemembered) return;
      this.#matching.delete(oldest);
    }
  }
}
