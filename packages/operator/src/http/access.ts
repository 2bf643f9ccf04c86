import { createHash } from 'node:crypto';
import type { Client } from '@pgherd/kube/client';
import { elapsedMs, subjectAccessReviews, tokenReviews, type Clock } from '@pgherd/kube/objects';

/** What became of a question: a code of HTTP, and why it is not 200. */
export interface Verdict {
  status: 200 | 401 | 403 | 503;
  message: string;
}

const granted: Verdict = { status: 200, message: '' };

/** An answer of the API server counts for so long. */
const rememberedMs = 10_000;
/** Tokens that nobody knows must not fill the memory. */
const mostRemembered = 1_000;

/**
 * Asks Kubernetes who the bearer of a token is (TokenReview), and whether he may `get` a path that is none of a
 * resource (SubjectAccessReview, `nonResourceURLs` of a ClusterRole).
 */
export class Access {
  readonly #client: Pick<Client, 'create'>;
  readonly #clock: Clock;
  readonly #verdicts = new Map<string, { since: number; verdict: Promise<Verdict> }>();

  constructor(client: Pick<Client, 'create'>, clock: Clock) {
    this.#client = client;
    this.#clock = clock;
  }

  /** Never rejects. Who asks the same again soon gets the same answer. */
  async mayGet(path: string, authorization: string | undefined): Promise<Verdict> {
    const token = /^Bearer +(\S+) *$/i.exec(authorization ?? '')?.[1];
    if (token === undefined) {
      return {
        status: 401,
        message: 'from elsewhere than loopback a token of Kubernetes is needed: Authorization: Bearer …',
      };
    }
    // The token itself is not kept.
    const key = `${createHash('sha256').update(token).digest('base64')} ${path}`;
    const known = this.#verdicts.get(key);
    const now = this.#clock.now();
    if (known !== undefined && elapsedMs(known.since, now) < rememberedMs) return known.verdict;
    const verdict = this.#ask(token, path);
    this.#verdicts.delete(key);
    this.#verdicts.set(key, { since: now, verdict });
    const [oldest] = this.#verdicts.keys();
    if (this.#verdicts.size > mostRemembered && oldest !== undefined) this.#verdicts.delete(oldest);
    const answer = await verdict;
    // That the API server was away says nothing about the next time.
    if (answer.status === 503) this.#verdicts.delete(key);
    return answer;
  }

  async #ask(token: string, path: string): Promise<Verdict> {
    try {
      const { status } = await this.#client.create(tokenReviews, { metadata: {}, spec: { token } });
      const { username = '', groups = [], uid, extra } = status?.user ?? {};
      if (status?.authenticated !== true || username === '') {
        return { status: 401, message: 'the API server does not accept this token' };
      }
      const spec = {
        user: username,
        groups,
        ...(uid === undefined ? {} : { uid }),
        ...(extra === undefined ? {} : { extra }),
        nonResourceAttributes: { verb: 'get', path },
      };
      const review = await this.#client.create(subjectAccessReviews, { metadata: {}, spec });
      return review.status?.allowed === true
        ? granted
        : {
            status: 403,
            message: `${username} may not get ${path}: bind it to the ClusterRole pgherd-operator-viewer`,
          };
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      return { status: 503, message: `the API server cannot be asked about this token: ${why}` };
    }
  }
}
