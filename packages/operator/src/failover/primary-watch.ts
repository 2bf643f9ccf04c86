import type { Clock, Logger } from '@pgherd/kube/objects';
import { backoffDelay, done, requeueAfter, type Result } from '@pgherd/kube/queue';
import { PostgresError } from '@pgherd/postgres';
import type { DatabaseAccess, HeldSession } from '../execute/database-access.ts';
import type { Credentials } from '../render/input.ts';

/** A primary, and how it is reached. */
export interface Primary {
  pod: string;
  address: string;
  superuser: Credentials;
}

export interface PrimaryWatchOptions {
  /** The primary of a cluster whose PostgreSQL is to be watched. */
  primaryOf: (key: string) => Primary | undefined;
  /** How many sessions may stand (`fast_failover_sessions`); asked before each is opened. */
  limit: () => number;
  /** Opens a session; rejects when PostgreSQL does not let it in. */
  hold: NonNullable<DatabaseAccess['hold']>;
  /** Lets the Patroni of the pod with this address run its loop now. Never rejects. */
  wake: (address: string) => Promise<void>;
  /** Looks at the cluster again. */
  enqueue: (key: string) => void;
  log: Logger;
  clock: Clock;
  /** Told whenever a Patroni was woken. */
  onWake: () => void;
}

interface Held {
  address: string;
  session: HeldSession;
  since: number;
}

/**
 * Between attempts to open a session: most primaries are back within seconds, some never let the operator in. Each failed
 * one wakes Patroni, which gives up a start that takes too long only in its loop.
 */
const backoff = { baseMs: 1_000, maxMs: 60_000 };
/** So many attempts come after the shortest pause while PostgreSQL may be starting. */
const quickAttempts = 12;
/** How often one that found no room looks again. */
const freeMs = 60_000;
/** A session that ended sooner does not count as a success. */
const settledMs = 30_000;

/**
 * Holds one idle session to each primary. Where the postmaster dies in a container that lives, nobody tells Kubernetes,
 * and Patroni looks once in `loop_wait` (10 s): the server's end of the session is closed at once, and its Patroni is
 * woken.
 */
export class PrimaryWatch {
  readonly #options: PrimaryWatchOptions;
  readonly #held = new Map<string, Held>();
  readonly #failures = new Map<string, number>();
  #opening = 0;
  #isClosed = false;

  constructor(options: PrimaryWatchOptions) {
    this.#options = options;
  }

  /** How many sessions stand. */
  get size(): number {
    return this.#held.size;
  }

  /** Sees to it that the session of one cluster leads to its primary. */
  async pass(key: string): Promise<Result> {
    const primary = this.#options.primaryOf(key);
    const held = this.#held.get(key);
    if (held !== undefined && held.address === primary?.address) return done;
    await this.#letGo(key);
    if (primary === undefined) {
      this.#failures.delete(key);
      return done;
    }
    if (this.#held.size + this.#opening >= this.#options.limit())
      return requeueAfter(freeMs, 'a free session');
    this.#opening += 1;
    try {
      this.#take(key, primary, await this.#options.hold(primary.address, primary.superuser));
      return done;
    } catch (err) {
      const { log, wake } = this.#options;
      log.debug({ cluster: key, err }, `${key}: no session to ${primary.pod}`);
      // It is dead or still starting, and the next step may wait for Patroni's next loop.
      const isStarting = !isLoginRefused(err);
      if (isStarting) await wake(primary.address);
      return requeueAfter(this.#pause(key, isStarting), `a session to ${primary.pod}`);
    } finally {
      this.#opening -= 1;
    }
  }

  /** Ends all sessions; afterwards none is opened. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all([...this.#held.keys()].map((key) => this.#letGo(key)));
  }

  #take(key: string, { pod, address }: Primary, session: HeldSession): void {
    const held = { address, session, since: this.#options.clock.now() };
    this.#held.set(key, held);
    void session.ended.then(() => this.#ended(key, pod, held));
    if (this.#isClosed) void this.#letGo(key);
  }

  /** Somebody else ended it. */
  async #ended(key: string, pod: string, held: Held): Promise<void> {
    if (this.#held.get(key) !== held) return;
    this.#held.delete(key);
    const { wake, primaryOf, enqueue, clock, log, onWake } = this.#options;
    if (clock.now() - held.since >= settledMs) this.#failures.delete(key);
    if (primaryOf(key)?.address === held.address) {
      log.info(
        { cluster: key, pod },
        `${key}: PostgreSQL of ${pod} has closed its session; its Patroni is woken`,
      );
      onWake();
      await wake(held.address);
    }
    const cancel = clock.after(this.#pause(key), () => enqueue(key));
    if (this.#isClosed) cancel();
  }

  async #letGo(key: string): Promise<void> {
    const held = this.#held.get(key);
    this.#held.delete(key);
    await held?.session.close();
  }

  /** Milliseconds until the next attempt. */
  #pause(key: string, isStarting = false): number {
    const failures = this.#failures.get(key) ?? 0;
    this.#failures.set(key, failures + 1);
    return backoffDelay(isStarting && failures < quickAttempts ? 0 : failures, backoff);
  }
}

/** Whether PostgreSQL runs, and does not let this user in. SQLSTATE class 28, PostgreSQL's appendix A. */
function isLoginRefused(error: unknown): boolean {
  return error instanceof PostgresError && error.code?.startsWith('28') === true;
}
