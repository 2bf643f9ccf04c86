import { Client } from 'pg';
import { queryOnce, type Address } from './writer.ts';

/** What clients noticed. */
export interface LoadReport {
  transactions: number;
  /** Messages; whoever got one has stopped. */
  errors: string[];
  /** Longest time that one client needed for one transaction, in milliseconds. */
  longestMs: number;
  /** Rows that were acknowledged and are not there. */
  lost: number;
}

/** Clients that each stay connected and write all the time: a transaction with a statement that they prepared once. */
export class TransactionLoad {
  private readonly address: Address;
  private readonly report: LoadReport = { transactions: 0, errors: [], longestMs: 0, lost: 0 };
  private readonly running: Promise<void>[] = [];
  private stopped = false;

  constructor(address: Address) {
    this.address = address;
  }

  /** Connects them all. */
  async start(clients: number): Promise<void> {
    await queryOnce(this.address, 'drop table if exists load');
    await queryOnce(this.address, 'create table load (client int, n int)');
    const connected = await Promise.all(Array.from({ length: clients }, () => this.connect()));
    for (const [index, client] of connected.entries()) this.running.push(this.loop(client, index));
  }

  get transactions(): number {
    return this.report.transactions;
  }

  get errors(): readonly string[] {
    return this.report.errors;
  }

  async stop(): Promise<LoadReport> {
    this.stopped = true;
    await Promise.all(this.running);
    const [row] = await queryOnce<{ there: string }>(this.address, 'select count(*) as there from load');
    this.report.lost = Math.max(0, this.report.transactions - Number(row?.there));
    return this.report;
  }

  private async connect(): Promise<Client> {
    const client = new Client({ ...this.address, ssl: { rejectUnauthorized: false } });
    client.on('error', () => {});
    await client.connect();
    return client;
  }

  private async loop(client: Client, index: number): Promise<void> {
    const insert = { name: 'insert', text: 'insert into load values ($1, $2)' };
    try {
      for (let n = 0; !this.stopped; n += 1) {
        const began = Date.now();
        await client.query('begin');
        await client.query({ ...insert, values: [index, n] });
        await client.query('commit');
        this.report.transactions += 1;
        this.report.longestMs = Math.max(this.report.longestMs, Date.now() - began);
        // What they do between two transactions.
        await new Promise((done) => setTimeout(done, 20));
      }
    } catch (error) {
      this.report.errors.push(error instanceof Error ? error.message : String(error));
    }
    await client.end().catch(() => {});
  }
}
