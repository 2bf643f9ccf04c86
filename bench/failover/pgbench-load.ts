import { spawn, type ChildProcess } from 'node:child_process';
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '../../test/support/eventually.ts';
import { connectPostgres, queryOnce, type Address } from '../../test/support/writer.ts';
import { findPgbench } from '../pgbench.ts';
import type { Gap } from './gap-writer.ts';
import { readTransactions, refusedClients } from './pgbench-output.ts';

const clients = 200;
/** Transactions in a second, of all of them: they mostly wait, as clients do. */
const rate = 200;
/** It is ended long before. */
const limitSeconds = 1_200;

const script = 'insert into load values (:client_id);\n';

/** pgbench with many clients that stay connected; each transaction inserts a row. */
export class PgbenchLoad {
  readonly #address: Address;
  readonly #directory: string;
  readonly #child: ChildProcess;
  readonly #ended: Promise<number>;
  #stderr = '';

  private constructor(address: Address, directory: string) {
    this.#address = address;
    this.#directory = directory;
    const file = join(directory, 'script.sql');
    writeFileSync(file, script);
    const { host, port = 5432, user, password, database } = address;
    const load = ['--client', clients, '--jobs', 2, '--rate', rate, '--time', limitSeconds];
    const logs = ['--log', '--log-prefix', join(directory, 'log')];
    const to = ['--host', host, '--port', port, '--username', user, database];
    const args = ['--no-vacuum', '--file', file, ...load, ...logs, ...to].map(String);
    const env = { ...process.env, PGPASSWORD: password, PGSSLMODE: 'require' };
    this.#child = spawn(findPgbench(), args, { env, stdio: ['ignore', 'ignore', 'pipe'] });
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.#stderr += text));
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    this.#child.once('error', reject);
    this.#child.once('close', (code) => resolve(code ?? 1));
    this.#ended = promise;
  }

  /** Connects all clients; answers when they work. */
  static async start(address: Address): Promise<PgbenchLoad> {
    await queryOnce(address, 'drop table if exists load');
    await queryOnce(address, 'create table load (client int)');
    const load = new PgbenchLoad(address, mkdtempSync(join(tmpdir(), 'pgherd-pgbench-')));
    await eventually(
      'pgbench writes',
      async () => {
        if (load.#child.exitCode !== null) throw new Error(`pgbench has ended: ${load.#stderr}`);
        return (await load.#rows()) > rate;
      },
      { timeoutMs: 120_000, everyMs: 250 },
    );
    return load;
  }

  /**
   * Ends it as if its time were over, and compares what it was told with what is there. The longest wait is that of a
   * transaction which ended after `since` (milliseconds since 1970).
   */
  async finish(since: number): Promise<Gap & { longestEndedAt: number }> {
    // What its own timer would send.
    this.#child.kill('SIGALRM');
    const code = await this.#ended;
    try {
      const text = globSync(join(this.#directory, 'log.*')).map((file) => readFileSync(file, 'utf8'));
      const { count, longestMs, longestEndedAt } = readTransactions(text.join(''), since);
      const refused = refusedClients(this.#stderr);
      const errors = code === 0 ? refused : Math.max(refused, 1);
      const lost = Math.max(0, count - (await this.#rows()));
      return { gapMs: Math.round(longestMs), errors, acknowledged: count, lost, longestEndedAt };
    } finally {
      rmSync(this.#directory, { recursive: true, force: true });
    }
  }

  async #rows(): Promise<number> {
    // It waits its turn in the pooler, behind all the others.
    const client = await connectPostgres(this.#address, 60_000);
    try {
      const { rows } = await client.query<{ n: number }>('select count(*)::int as n from load');
      return rows[0]?.n ?? 0;
    } finally {
      await client.end().catch(() => {});
    }
  }
}
