import type { Client } from 'pg';
import { connectPostgres, type Address } from '../support/writer.ts';
import { now, rest } from './clock.ts';
import type { Read } from './history.ts';

const limitMs = 2000;
const everyMs = 50;
/** How many of the newest rows it looks at. */
const window = 200;

/** Looks at the newest rows of the tables in turns, on whatever server calls itself a primary. */
export class ReadingClient {
  readonly reads: Read[] = [];
  readonly #tables: readonly string[];
  readonly #address: () => Address;
  #stopped = false;
  #running: Promise<void> = Promise.resolve();

  constructor(tables: readonly string[], address: () => Address) {
    this.#tables = tables;
    this.#address = address;
  }

  start(): void {
    this.#running = this.#loop();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running;
  }

  async #loop(): Promise<void> {
    let client: Client | undefined;
    for (let turn = 0; !this.#stopped; turn += 1) {
      const of = this.#tables[turn % this.#tables.length] ?? '';
      try {
        client ??= await connectPostgres(this.#address(), limitMs);
        const startedAt = now();
        const { rows } = await client.query<{ n: number; standby: boolean }>(
          `select n, pg_is_in_recovery() as standby from ${of} order by n desc limit ${window}`,
        );
        const seen = rows.map(({ n }) => n);
        const [newest] = rows;
        if (newest !== undefined && !newest.standby)
          this.reads.push({ of, startedAt, endedAt: now(), seen, from: seen.at(-1) ?? newest.n });
      } catch {
        void client?.end().catch(() => {});
        client = undefined;
      }
      await rest(everyMs);
    }
    await client?.end().catch(() => {});
  }
}
