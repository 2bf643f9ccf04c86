/**
 * What a pooler costs and saves: pgbench -S to PostgreSQL and through the pooler's image, both over TLS on this machine,
 * with connections that stay and with a new one for each transaction. `--runs N` (default 5), `--seconds N` (default 4).
 * Needs the package `postgresql` and the image (`node images/build.ts pooler`).
 */
import { execFile } from 'node:child_process';
import { parseArgs, promisify } from 'node:util';
import { PoolerContainer } from '../test/support/pooler-container.ts';
import { PostgresLab, role } from '../test/support/postgres-lab.ts';
import { describeMachine } from './machine.ts';
import { findPgbench } from './pgbench.ts';
import { summarise } from './statistics.ts';

const { values } = parseArgs({
  options: { runs: { type: 'string', default: '5' }, seconds: { type: 'string', default: '4' } },
});
const program = findPgbench();

const run = promisify(execFile);

const lab = await PostgresLab.start();
const { host, port } = lab.server;
let pooler: PoolerContainer | undefined;
try {
  const roles = ['pooler', 'bench'].map((name) => role(name, [], { password: name }));
  await lab.done({
    roles,
    databases: [{ name: 'bench', owner: 'bench' }],
    lookup: { role: 'pooler', schema: 'pooler' },
  });
  pooler = await PoolerContainer.start({
    environment: { PGHOST: host, PGPORT: String(port), PGUSER: 'pooler', PGPASSWORD: 'pooler' },
  });
  await bench(port, ['--initialize', '--quiet', '--scale', '10']);
  const places = { direct: port, 'through the pooler': pooler.port };
  const kinds = { 'connections that stay': [], 'a new connection for each transaction': ['--connect'] };
  const rows: string[] = [];
  for (const [kind, options] of Object.entries(kinds)) {
    const rates: Record<string, number[]> = {};
    // In turns, so that what else the machine does meets both.
    for (let n = 0; n < Number(values.runs); n += 1) {
      for (const [place, to] of Object.entries(places)) {
        const load = ['--select-only', '--client', '20', '--jobs', '2', '--time', values.seconds];
        (rates[place] ??= []).push(await bench(to, [...load, ...options]));
      }
    }
    for (const [place, measured] of Object.entries(rates)) {
      const { p50, min, max, n } = summarise(measured);
      rows.push(
        `| ${kind}, ${place} | ${Math.round(p50)} | ${Math.round(min)} | ${Math.round(max)} | ${n} |`,
      );
    }
  }
  console.log(describeMachine());
  console.log(
    ['| 20 clients | transactions/s, p50 | min | max | N |', '|---|---|---|---|---|', ...rows].join('\n'),
  );
} finally {
  await pooler?.remove();
  await lab.stop();
}

/** Transactions in a second; 0 for preparations. */
async function bench(to: number, options: string[]): Promise<number> {
  const env = { ...process.env, PGPASSWORD: 'bench', PGSSLMODE: 'require' };
  const connection = ['-h', '127.0.0.1', '-p', String(to), '-U', 'bench', 'bench'];
  const { stdout } = await run(program, [...options, ...connection], { env });
  return Number(/^tps = ([\d.]+)/m.exec(stdout)?.[1] ?? 0);
}
