import { Client } from 'pg';

/** How a client reaches PostgreSQL. */
export interface Address {
  host: string;
  port?: number;
  user: string;
  password: string;
  database: string;
}

/** What a writer did. */
export interface WriterReport {
  /** Numbers whose insert was acknowledged. */
  acknowledged: number[];
  /** Messages of failed attempts, connections included. */
  errors: string[];
  /** Longest time between two acknowledgements, milliseconds. */
  longestGapMs: number;
}

/** Connects with TLS, as the image demands; the certificate is the member's own. */
export async function connectPostgres(address: Address, timeoutMs = 3000): Promise<Client> {
  const client = new Client({
    ...address,
    ssl: { rejectUnauthorized: false },
    connectionTimeoutMillis: timeoutMs,
    query_timeout: timeoutMs,
    keepAlive: true,
  });
  // A connection that breaks while idle is told here, and again by the next query.
  client.on('error', () => {});
  await client.connect();
  return client;
}

/** Runs one statement on a connection of its own. */
export async function queryOnce<T>(address: Address, sql: string, parameters: unknown[] = []): Promise<T[]> {
  const client = await connectPostgres(address);
  try {
    const result = await client.query(sql, parameters);
    return result.rows as T[];
  } finally {
    await client.end().catch(() => {});
  }
}

/**
 * Inserts 1, 2, 3 … into the table `acknowledged`, one row a transaction, and remembers which were acknowledged. A
 * failed attempt is not repeated with the same number: whether it was committed is not known.
 */
export class Writer {
  private readonly address: Address;
  private readonly everyMs: number;
  private readonly report: WriterReport = { acknowledged: [], errors: [], longestGapMs: 0 };
  private stopped = false;
  private running: Promise<void> | undefined;
  private lastAcknowledged = 0;

  constructor(address: Address, everyMs = 100) {
    this.address = address;
    this.everyMs = everyMs;
  }

  /** Creates the table and writes the first row. */
  async start(): Promise<void> {
    await queryOnce(this.address, 'drop table if exists acknowledged');
    await queryOnce(this.address, 'create table acknowledged (n int primary key)');
    this.lastAcknowledged = Date.now();
    this.running = this.loop();
  }

  /** Rows acknowledged so far. */
  get count(): number {
    return this.report.acknowledged.length;
  }

  /** Errors so far. */
  get errors(): readonly string[] {
    return this.report.errors;
  }

  async stop(): Promise<WriterReport> {
    this.stopped = true;
    await this.running;
    return this.report;
  }

  /** Stops, and answers the acknowledged rows that the server does not have. Must be empty. */
  async stopAndFindLost(): Promise<{ lost: number[]; report: WriterReport }> {
    const report = await this.stop();
    const rows = await queryOnce<{ n: number }>(this.address, 'select n from acknowledged');
    const there = new Set(rows.map(({ n }) => n));
    return { lost: report.acknowledged.filter((n) => !there.has(n)), report };
  }

  private async loop(): Promise<void> {
    let client: Client | undefined;
    for (let n = 1; !this.stopped; n += 1) {
      try {
        client ??= await connectPostgres(this.address);
        await client.query('insert into acknowledged values ($1)', [n]);
        this.acknowledge(n);
      } catch (error) {
        this.report.errors.push(error instanceof Error ? error.message : String(error));
        // Not awaited: a dead server never answers the goodbye.
        void client?.end().catch(() => {});
        client = undefined;
      }
      await new Promise((resolve) => setTimeout(resolve, this.everyMs));
    }
    await client?.end().catch(() => {});
  }

  private acknowledge(n: number): void {
    const now = Date.now();
    this.report.acknowledged.push(n);
    this.report.longestGapMs = Math.max(this.report.longestGapMs, now - this.lastAcknowledged);
    this.lastAcknowledged = now;
  }
}
