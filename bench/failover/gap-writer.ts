import type { Client } from 'pg';
import { connectPostgres, queryOnce, type Address } from '../../test/support/writer.ts';

/** What the writer saw between its start and its end. */
export interface Gap {
  /** Milliseconds from the last acknowledged write before the longest pause to the first one after it. */
  gapMs: number;
  /** Attempts that failed, connections included. */
  errors: number;
  /** Writes that were acknowledged. */
  acknowledged: number;
  /** Acknowledged writes that the server does not have. */
  lost: number;
}

/** How a client is served: directly, or by a pooler that may let it wait. */
export interface Patience {
  /** How long a connection or a statement may take, milliseconds. */
  limitMs: number;
  /** Time from one write to the next, milliseconds. */
  everyMs: number;
}

/** Answers which server it was: a postmaster that was started again is another one. */
const insert = `insert into written values ($1)
  returning inet_server_addr()::text || ' ' || pg_postmaster_start_time()::text as server`;

/** How long the first look for lost writes may wait for the cluster. */
const lookLimitMs = 120_000;

/**
 * An application that writes one row after the other, each in a transaction of its own, on one connection that it opens
 * anew when it breaks. A write that was not acknowledged is not repeated with the same number.
 */
export class GapWriter {
  readonly #address: Address;
  readonly #patience: Patience;
  readonly #acknowledged: number[] = [];
  #errors = 0;
  #longestMs = 0;
  #lastAt = 0;
  #server = '';
  #firstServer: string | undefined;
  #onAnother = 0;
  #firstOnAnotherAt: number | undefined;
  #stopped = false;
  #running: Promise<void> = Promise.resolve();

  constructor(address: Address, patience: Patience) {
    this.#address = address;
    this.#patience = patience;
  }

  /** Makes the table anew and begins. */
  async start(): Promise<void> {
    await queryOnce(this.#address, 'drop table if exists written');
    await queryOnce(this.#address, 'create table written (n int primary key)');
    this.#running = this.#loop();
  }

  /** Writes acknowledged so far. */
  get count(): number {
    return this.#acknowledged.length;
  }

  /** From now on pauses count: the first connection is not one. */
  beginToMeasure(): void {
    this.#longestMs = 0;
    this.#errors = 0;
    this.#firstServer = this.#server;
  }

  /** When such a server acknowledged for the first time, milliseconds since 1970; undefined: not yet. */
  get firstOnAnotherServer(): number | undefined {
    return this.#firstOnAnotherAt;
  }

  /** The pause that goes on just now, milliseconds. */
  get pauseMs(): number {
    return performance.now() - this.#lastAt;
  }

  /** Writes acknowledged by another server than the one that was written to when it began to measure. */
  get onAnotherServer(): number {
    return this.#onAnother;
  }

  /** Ends it. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running;
  }

  /** Ends it, and asks the server what it has. */
  async finish(): Promise<Gap> {
    await this.stop();
    const there = new Set((await this.#rows()).map(({ n }) => n));
    return {
      gapMs: Math.round(this.#longestMs),
      errors: this.#errors,
      acknowledged: this.count,
      lost: this.#acknowledged.filter((n) => !there.has(n)).length,
    };
  }

  async #rows(): Promise<{ n: number }[]> {
    const deadline = performance.now() + lookLimitMs;
    for (;;) {
      try {
        return await queryOnce<{ n: number }>(this.#address, 'select n from written');
      } catch (error) {
        if (performance.now() > deadline) throw error;
        await rest(200);
      }
    }
  }

  async #loop(): Promise<void> {
    let client: Client | undefined;
    for (let n = 1; !this.#stopped; n += 1) {
      const startedAt = performance.now();
      try {
        client ??= await connectPostgres(this.#address, this.#patience.limitMs);
        const { rows } = await client.query<{ server: string }>(insert, [n]);
        this.#acknowledge(n, rows[0]?.server ?? '');
      } catch {
        this.#errors += 1;
        // Not awaited: a dead server never answers the goodbye.
        void client?.end().catch(() => {});
        client = undefined;
      }
      await rest(Math.max(1, this.#patience.everyMs - (performance.now() - startedAt)));
    }
    await client?.end().catch(() => {});
  }

  #acknowledge(n: number, server: string): void {
    const now = performance.now();
    this.#acknowledged.push(n);
    this.#server = server;
    if (this.#firstServer !== undefined && server !== this.#firstServer) {
      this.#onAnother += 1;
      this.#firstOnAnotherAt ??= Date.now();
    }
    if (this.#lastAt > 0) this.#longestMs = Math.max(this.#longestMs, now - this.#lastAt);
    this.#lastAt = now;
  }
}

function rest(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
