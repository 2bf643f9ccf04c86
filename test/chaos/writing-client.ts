import { DatabaseError, type Client } from 'pg';
import { connectPostgres, type Address } from '../support/writer.ts';
import { now, rest } from './clock.ts';
import type { Write } from './history.ts';

/** Answers who did it. On the primary this is the timeline that is written on, from the next byte on. */
const insert = (table: string): string => `insert into ${table} values ($1)
  returning host(inet_server_addr()) as address, left(pg_walfile_name(pg_current_wal_insert_lsn()), 8) as timeline`;

/** How long a connection or a statement may take, milliseconds. */
const limitMs = 2000;

/**
 * Writes 1, 2, 3 … into a table of its own, a transaction each, for as long as it is let. No number is tried again.
 * Notes what became of each.
 */
export class WritingClient {
  readonly table: string;
  readonly writes: Write[] = [];
  readonly #address: () => Address;
  readonly #restMs: number;
  #stopped = false;
  #running: Promise<void> = Promise.resolve();

  /** `restMs`: from an answer to the next write, milliseconds. */
  constructor(table: string, address: () => Address, restMs = 10) {
    this.table = table;
    this.#address = address;
    this.#restMs = restMs;
  }

  start(): void {
    this.#running = this.#loop();
  }

  get acknowledged(): number {
    return this.writes.filter(({ outcome }) => outcome === 'acknowledged').length;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running;
  }

  async #loop(): Promise<void> {
    let client: Client | undefined;
    for (let n = 1; !this.#stopped; n += 1) {
      const startedAt = now();
      // Until it was sent, nothing can have been done.
      let outcome: Write['outcome'] = 'refused';
      let server: Write['server'];
      try {
        client ??= await connectPostgres(this.#address(), limitMs);
        outcome = 'unknown';
        const { rows } = await client.query<{ address: string; timeline: string }>(insert(this.table), [n]);
        outcome = 'acknowledged';
        server = { address: rows[0]?.address ?? '', timeline: Number.parseInt(rows[0]?.timeline ?? '0', 16) };
      } catch (error) {
        if (isRefusal(error)) outcome = 'refused';
        // Not awaited: a dead server never answers the goodbye.
        void client?.end().catch(() => {});
        client = undefined;
      }
      const write = { client: this.table, n, startedAt, endedAt: now(), outcome };
      this.writes.push(server === undefined ? write : { ...write, server });
      await rest(this.#restMs);
    }
    await client?.end().catch(() => {});
  }
}

/** The server answered that it did not do it. Only what is an error of the statement itself counts. */
function isRefusal(error: unknown): boolean {
  // 25006: read-only transaction; 42P01: the table is not there yet.
  return error instanceof DatabaseError && ['25006', '42P01', '53100'].includes(error.code ?? '');
}
