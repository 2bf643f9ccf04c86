/**
 * `make bench-postgres`: a pass over everything inside one PostgreSQL server with many roles and databases. Prints a table
 * and writes `bench/results/inside-postgres.json`. Options: `--roles N` (default 1000), `--databases N` (100), `--runs N`
 * (3 servers, one after the other), `--looks N` (10 passes with nothing to do on each).
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { openSessions, PasswordChecker, runPass, type Declared, type DeclaredRole } from '@pgherd/postgres';
import { eventually } from '../test/support/eventually.ts';
import { startPostgres, type PostgresServer } from '../test/support/postgres-server.ts';
import { syncMilliseconds } from './disk.ts';
import { describeMachine } from './machine.ts';
import { cpuSeconds } from './process-cost.ts';
import { summarise } from './statistics.ts';

const { values } = parseArgs({
  options: {
    roles: { type: 'string', default: '1000' },
    databases: { type: 'string', default: '100' },
    runs: { type: 'string', default: '3' },
    looks: { type: 'string', default: '10' },
  },
});

function wholeNumber(name: keyof typeof values): number {
  const number = Number(values[name]);
  if (!Number.isInteger(number) || number < 1)
    throw new Error(`--${name} ${values[name]}: give a whole number from 1`);
  return number;
}

/**
 * Databases with an owner, reader and writer, a schema, default privileges, an extension and the poolers' lookup; the
 * other roles are users with a password, of which every second is a person, with a membership and a setting.
 */
function declaration(roleCount: number, databaseCount: number): Declared {
  const groups = Array.from({ length: databaseCount }, (_, index) => `d${index}`);
  const roles: DeclaredRole[] = [
    { name: 'pooler', attributes: { login: true }, password: 'password of pooler' },
    ...groups.flatMap((name): DeclaredRole[] => [
      { name: `${name}_owner`, attributes: { login: false } },
      { name: `${name}_reader`, attributes: { login: false }, admins: [`${name}_owner`] },
      { name: `${name}_writer`, attributes: { login: false }, memberOf: [`${name}_reader`] },
    ]),
  ];
  if (roles.length > roleCount) throw new Error(`--roles: at least ${roles.length} for these databases`);
  for (let index = roles.length; index < roleCount; index += 1) {
    const isPerson = index % 2 === 0;
    roles.push({
      name: `user${index}`,
      attributes: { login: true },
      password: isPerson ? null : `password of user${index}`,
      person: isPerson,
      memberOf: [`${groups[index % groups.length]}_writer`],
      settings: { search_path: '"$user", data' },
    });
  }
  return {
    roles,
    databases: groups.map((name) => ({
      name,
      owner: `${name}_owner`,
      schemas: [{ name: 'data', owner: `${name}_owner`, usage: [`${name}_reader`, `${name}_writer`] }],
      extensions: [{ name: 'pg_trgm', schema: 'data' }],
      defaultPrivileges: [
        { owner: `${name}_owner`, schema: 'data', reader: `${name}_reader`, writer: `${name}_writer` },
      ],
    })),
    lookup: { role: 'pooler', schema: 'pooler' },
    people: { departedSuffix: '_deleted' },
  };
}

/** CPU in seconds that we have used so far, and that the server's sessions have that are over. */
function cpuSoFar(server: PostgresServer): { client: number; server: number } {
  const { user, system } = process.cpuUsage();
  return { client: (user + system) / 1e6, server: cpuSeconds(server.pid, { endedChildren: true }) };
}

/** Waits until the server has counted what its sessions used: those that have ended count, those that end do not yet. */
async function sessionsEnded(server: PostgresServer): Promise<void> {
  await eventually('the sessions have ended', () => {
    const children = readFileSync(`/proc/${server.pid}/task/${server.pid}/children`, 'utf8')
      .trim()
      .split(' ');
    return children.some(isSession) ? undefined : true;
  });
}

function isSession(pid: string): boolean {
  try {
    const title = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
    // Without a title it has ended, and the server has not noticed yet.
    return title === '' || title.includes(' 127.0.0.1(');
  } catch {
    return false;
  }
}

/** What a pass took, in seconds, and how much CPU of the operator's and the server's side. */
interface Cost {
  seconds: number;
  client: number;
  server: number;
}

/** One pass with sessions of its own. Throws when it did not do all that it had to. */
async function pass(
  server: PostgresServer,
  declared: Declared,
  checker: PasswordChecker,
): Promise<Cost & { steps: number }> {
  const { host, port, password } = server;
  const before = cpuSoFar(server);
  const begin = performance.now();
  const sessions = openSessions({ host, port, user: 'postgres', password, database: 'postgres' });
  try {
    const { plan, outcome } = await runPass(sessions, declared, checker);
    const seconds = (performance.now() - begin) / 1000;
    const problems = [
      ...plan.conflicts.map(({ object, message }) => `${object}: ${message}`),
      ...outcome.failed.map(({ step, error }) => `${step.what}: ${error.message}`),
    ];
    if (problems.length > 0) throw new Error(problems.slice(0, 5).join('\n'));
    await sessions.close();
    await sessionsEnded(server);
    const after = cpuSoFar(server);
    return {
      seconds,
      client: after.client - before.client,
      server: after.server - before.server,
      steps: outcome.done.length,
    };
  } finally {
    await sessions.close();
  }
}

const [roles, databases] = [wholeNumber('roles'), wholeNumber('databases')];
const declared = declaration(roles, databases);
const loadBefore = Number((loadavg()[0] ?? 0).toFixed(2));
const measured = { first: [] as Cost[], restarted: [] as Cost[], nothing: [] as Cost[] };
let steps = 0;
for (let run = 0; run < wholeNumber('runs'); run += 1) {
  const server = await startPostgres({ fsync: 'on', shared_buffers: '512MB', max_wal_size: '4GB' });
  const stop = (): void => void server.stop().then(() => process.exit(1));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, stop);
  try {
    const checker = new PasswordChecker();
    const first = await pass(server, declared, checker);
    measured.first.push(first);
    steps = first.steps;
    measured.restarted.push(await pass(server, declared, new PasswordChecker()));
    // What was set is compared with what is stored once more; from then on it is remembered.
    await pass(server, declared, checker);
    for (let look = 0; look < wholeNumber('looks'); look += 1) {
      const again = await pass(server, declared, checker);
      if (again.steps > 0) throw new Error(`a pass with nothing to do did ${again.steps} steps`);
      measured.nothing.push(again);
    }
  } finally {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, stop);
    await server.stop();
  }
}

const rows = (
  [
    [`first pass, ${steps} steps`, 10, measured.first],
    [
      'nothing to do, all passwords to compare (the operator has just started)',
      undefined,
      measured.restarted,
    ],
    ['nothing to do', 1, measured.nothing],
  ] as const
).map(([what, goal, costs]) => ({
  what,
  unit: 's',
  ...(goal === undefined ? {} : { goal }),
  measured: summarise(costs.map(({ seconds }) => seconds)),
  operatorCpu: summarise(costs.map(({ client }) => client)),
  serverCpu: summarise(costs.map(({ server }) => server)),
}));
const machine = { ...describeMachine(), loadBefore, diskSyncMs: Number(syncMilliseconds().toFixed(2)) };
console.log(`${roles} roles, ${databases} databases\n`);
console.log(
  '| what | unit | goal | p50 | p95 | min | max | CPU of operator | CPU of server | N |\n|---|---|---|---|---|---|---|---|---|---|',
);
for (const { what, unit, goal, measured: found, operatorCpu, serverCpu } of rows) {
  const cells = [found.p50, found.p95, found.min, found.max, operatorCpu.p50, serverCpu.p50];
  const numbers = cells.map((value) => value.toFixed(2)).join(' | ');
  console.log(`| ${what} | ${unit} | ${goal === undefined ? '' : `≤ ${goal}`} | ${numbers} | ${found.n} |`);
}
console.log(
  `\nMachine: ${Object.entries(machine)
    .map(([key, value]) => `${key} ${value}`)
    .join(', ')}`,
);
const results = join(dirname(fileURLToPath(import.meta.url)), 'results');
mkdirSync(results, { recursive: true });
const report = {
  command: `node bench/inside-postgres.ts ${process.argv.slice(2).join(' ')}`.trim(),
  machine,
  roles,
  databases,
  rows,
};
writeFileSync(join(results, 'inside-postgres.json'), `${JSON.stringify(report, null, 2)}\n`);
