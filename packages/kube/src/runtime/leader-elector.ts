import { isConflict, isNotFound, sleep } from '../client/index.ts';
import type { Client } from '../client/index.ts';
import { elapsedMs, leases, silentLogger, systemClock } from '../objects/index.ts';
import type { Clock, Logger } from '../objects/index.ts';
import { isFree, observe, released, taken } from './lease-record.ts';
import type { Observed } from './lease-record.ts';

/** Somebody else may lead now: everything that acts must stop, mostly by ending the process. */
export class LeadershipLostError extends Error {
  constructor(lease: string, why: string) {
    super(`lost leadership of lease ${lease}: ${why}`);
    this.name = 'LeadershipLostError';
  }
}

/** Settings of leader election; unless told otherwise the defaults are client-go's. */
export interface LeaderElectorOptions {
  client: Pick<Client, 'get' | 'create' | 'update'>;
  /** Where the Lease object is. */
  namespace: string;
  name: string;
  /** Must differ between candidates, e.g. host name and process id. */
  identity: string;
  /** A leader that was not heard of for so long is succeeded, in milliseconds. Default 15 s. */
  leaseDurationMs?: number;
  /** A leader that cannot renew for so long gives up; less than the lease. Default 10 s. */
  renewDeadlineMs?: number;
  /** Between attempts that failed, and of those who wait, who try up to a fifth later, at random. Default 2 s. */
  retryPeriodMs?: number;
  /** Between a leader's renewals that succeed; less than the deadline. Default half of it: 5 s, client-go takes 2 s. */
  renewPeriodMs?: number;
  logger?: Logger;
  clock?: Clock;
  /** Number in [0, 1). Default `Math.random`. */
  random?: () => number;
}

/** One leader among several candidates, by a coordination.k8s.io Lease and client-go's rules. */
export class LeaderElector {
  readonly #options: Required<LeaderElectorOptions>;
  readonly #lease: string;
  #observed: Observed | undefined;

  constructor(options: LeaderElectorOptions) {
    this.#options = {
      leaseDurationMs: 15_000,
      renewDeadlineMs: 10_000,
      retryPeriodMs: 2_000,
      renewPeriodMs: (options.renewDeadlineMs ?? 10_000) / 2,
      logger: silentLogger,
      clock: systemClock,
      random: Math.random,
      ...options,
    };
    const { leaseDurationMs, renewDeadlineMs, retryPeriodMs, renewPeriodMs } = this.#options;
    if (!(leaseDurationMs > renewDeadlineMs && renewDeadlineMs > Math.max(retryPeriodMs, renewPeriodMs))) {
      throw new RangeError(
        'leader election: leaseDurationMs must exceed renewDeadlineMs, and that retryPeriodMs and renewPeriodMs',
      );
    }
    this.#lease = `${options.namespace}/${options.name}`;
  }

  /** Who leads as far as we know; empty when nobody does. */
  get leader(): string {
    return this.#observed?.lease.spec?.holderIdentity ?? '';
  }

  /**
   * Waits for leadership, then calls `lead` once. Its signal aborts when leadership is lost or `signal` aborts. The lease is
   * renewed until `lead` has ended, then given up, so that a successor need not wait for it to run out.
   * Rejects with `LeadershipLostError`, or with what `lead` rejects with.
   */
  async run(signal: AbortSignal, lead: (signal: AbortSignal) => Promise<void>): Promise<void> {
    await this.#acquire(signal);
    if (signal.aborted) return;
    this.#options.logger.info({ lease: this.#lease }, `leading by lease ${this.#lease}`);
    const lost = new AbortController();
    const ended = new AbortController();
    const leading = lead(AbortSignal.any([signal, lost.signal])).finally(() => ended.abort());
    const renewing = this.#renewUntil(ended.signal).catch((error: unknown) => lost.abort(error));
    // Both always end: losing the lease ends `lead`, and its end ends the renewing.
    const [outcome] = await Promise.allSettled([leading, renewing]);
    if (lost.signal.aborted) throw lost.signal.reason;
    await this.#release();
    if (outcome.status === 'rejected') throw outcome.reason;
  }

  async #acquire(signal: AbortSignal): Promise<void> {
    const { logger, retryPeriodMs, random, clock } = this.#options;
    while (!signal.aborted) {
      const before = this.leader;
      try {
        if (await this.#attempt(signal)) return;
        if (this.leader !== before) logger.info({ lease: this.#lease }, `waiting; ${this.leader} leads`);
      } catch (err) {
        if (signal.aborted) return;
        logger.warn(
          { err, lease: this.#lease },
          `lease ${this.#lease}: ${(err as Error).message}; trying again`,
        );
      }
      await sleep(retryPeriodMs * (1 + 0.2 * random()), signal, clock).catch(() => {});
    }
  }

  async #renewUntil(ended: AbortSignal): Promise<void> {
    const { clock, retryPeriodMs, renewPeriodMs, renewDeadlineMs, logger } = this.#options;
    let renewedAt = clock.now();
    let pauseMs = renewPeriodMs;
    for (;;) {
      await sleep(pauseMs, ended, clock).catch(() => {});
      if (ended.aborted) return;
      const started = clock.now();
      const late = new AbortController();
      const cancel = clock.after(Math.min(renewDeadlineMs, renewedAt + renewDeadlineMs - started), () =>
        late.abort(new Error('renewal took too long')),
      );
      try {
        if (!(await this.#renew(late.signal)) && !(await this.#attempt(late.signal)))
          throw new LeadershipLostError(this.#lease, `${this.leader} took it`);
        renewedAt = started;
        pauseMs = renewPeriodMs;
      } catch (err) {
        if (err instanceof LeadershipLostError) throw err;
        pauseMs = retryPeriodMs;
        logger.warn(
          { err, lease: this.#lease },
          `lease ${this.#lease} not renewed: ${(err as Error).message}`,
        );
        if (elapsedMs(renewedAt, clock.now()) >= renewDeadlineMs) {
          throw new LeadershipLostError(this.#lease, `not renewed for ${renewDeadlineMs / 1000} s`);
        }
      } finally {
        cancel();
      }
    }
  }

  /**
   * Renews the version that we wrote last, without looking first: nobody can have written meanwhile without making
   * this a Conflict. False: it has to be looked at.
   */
  async #renew(signal: AbortSignal): Promise<boolean> {
    const { client, identity, clock, leaseDurationMs } = this.#options;
    const held = this.#observed?.lease;
    if (held?.spec?.holderIdentity !== identity) return false;
    try {
      const mine = taken(held, identity, leaseDurationMs, clock.now());
      this.#observed = { lease: await client.update(leases, mine, { signal }), seenAt: clock.now() };
      return true;
    } catch (error) {
      if (isConflict(error) || isNotFound(error)) return false;
      throw error;
    }
  }

  /** True: it is ours for another lease duration. False: somebody else has it. Throws when that cannot be told. */
  async #attempt(signal: AbortSignal): Promise<boolean> {
    const { client, namespace, name, identity, clock, leaseDurationMs } = this.#options;
    const now = clock.now();
    try {
      const lease = await client.get(leases, { namespace, name }, { signal });
      this.#observed = observe(this.#observed, lease, clock.now());
      if (!isFree(this.#observed, identity, clock.now())) return false;
      // The resourceVersion in it makes a race with another candidate a Conflict for one of both.
      const mine = taken(lease, identity, leaseDurationMs, now);
      this.#observed = { lease: await client.update(leases, mine, { signal }), seenAt: clock.now() };
    } catch (error) {
      if (!isNotFound(error)) throw error;
      const mine = taken({ metadata: { namespace, name } }, identity, leaseDurationMs, now);
      this.#observed = { lease: await client.create(leases, mine, { signal }), seenAt: clock.now() };
    }
    return true;
  }

  async #release(): Promise<void> {
    const { client, clock, identity, logger } = this.#options;
    if (this.#observed?.lease.spec?.holderIdentity !== identity) return;
    try {
      const lease = released(this.#observed.lease, clock.now());
      await client.update(leases, lease, { signal: AbortSignal.timeout(5_000) });
    } catch (err) {
      logger.debug({ err, lease: this.#lease }, 'lease not given up; it runs out by itself');
    }
  }
}
