/**
 * `make demo`: from nothing to a running PostgreSQL cluster on this machine, with a word about each step. Everything is
 * done with the commands that a user would type; they are printed.
 */
import { spawn, spawnSync } from 'node:child_process';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const pgherd = join(root, 'packages/cli/bin/pgherd');
const manifest = 'manifests/minimal-postgres-manifest.yaml';
const cluster = 'acid-minimal-cluster';
const begin = Date.now();

const elapsed = (): string => `${((Date.now() - begin) / 1000).toFixed(1).padStart(5)} s`;
const say = (text: string): void => console.log(`[${elapsed()}] ${text}`);

function fail(text: string): never {
  console.error(`[${elapsed()}] ${text}`);
  process.exit(1);
}

/** Runs a command whose output belongs on the screen. */
function visible(program: string, args: string[], environment: Record<string, string> = {}): void {
  const shown = [program === pgherd ? 'pgherd' : program, ...args].join(' ');
  say(`$ ${shown}`);
  const result = spawnSync(program, args, {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, ...environment },
  });
  if (result.status !== 0) fail(`\`${shown}\` failed (exit code ${result.status ?? result.signal})`);
}

/** Runs a command for its output; undefined when it fails. */
function output(program: string, args: string[]): string | undefined {
  const result = spawnSync(program, args, { cwd: root, encoding: 'utf8' });
  return result.status === 0 ? result.stdout.trim() : undefined;
}

interface Overview {
  status: string;
  members: { name: string; role: string; state: string; ready: boolean }[];
}

/** What is there already, in a few words; printed when it changes. */
function progressOf(overview: Overview | undefined): string {
  if (overview === undefined) return 'waiting for the operator';
  const members = overview.members.map(
    ({ name, role, state }) => `${name} ${role === 'unknown' ? '' : `${role} `}${state}`,
  );
  return [overview.status || 'manifest accepted', ...members].join(' · ');
}

async function waitUntilRunning(kubeconfig: string, timeoutMs: number): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  let last = '';
  for (;;) {
    const text = output(pgherd, ['show', cluster, '-o', 'json', '--kubeconfig', kubeconfig]);
    const overview = text === undefined ? undefined : (JSON.parse(text) as Overview);
    const progress = progressOf(overview);
    if (progress !== last) say(progress);
    last = progress;
    if (overview?.status === 'Running') return;
    if (overview?.status === 'Invalid' || overview?.status === 'CreateFailed') {
      fail(`the cluster is ${overview.status}: see kubectl describe postgresql ${cluster}`);
    }
    if (Date.now() > deadline) {
      fail(
        `not running after ${timeoutMs / 1000} s: see \`pgherd show ${cluster}\` and \`pgherd local status\``,
      );
    }
    await new Promise((done) => setTimeout(done, 250));
  }
}

/** A value of a Secret, in clear. */
function secretValue(kubeconfig: string, user: string, key: string): string {
  const name = `${user}.${cluster}.credentials.postgresql.acid.zalan.do`;
  const path = `jsonpath={.data.${key}}`;
  const encoded = output('kubectl', ['--kubeconfig', kubeconfig, 'get', 'secret', name, '-o', path]);
  if (encoded === undefined) fail(`the Secret ${name} is missing`);
  return Buffer.from(encoded, 'base64').toString('utf8');
}

/** The primary may just be starting to take connections: psql is tried until the deadline. */
async function query(environment: Record<string, string>, args: string[]): Promise<void> {
  const deadline = Date.now() + 30_000;
  for (;;) {
    const { promise, resolve: done } = Promise.withResolvers<number | null>();
    const child = spawn('psql', args, {
      stdio: ['ignore', 'inherit', 'pipe'],
      env: { ...process.env, ...environment },
    });
    let problem = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (problem += text));
    child.once('close', done);
    if ((await promise) === 0) return;
    if (Date.now() > deadline) fail(`the query failed: ${problem}`);
    await new Promise((wait) => setTimeout(wait, 250));
  }
}

visible(pgherd, ['local', 'up']);
const kubeconfig = output(pgherd, ['local', 'kubeconfig']) ?? fail('pgherd local kubeconfig failed');
visible('kubectl', ['apply', '-f', manifest], { KUBECONFIG: kubeconfig });
await waitUntilRunning(kubeconfig, 180_000);

const service = ['--kubeconfig', kubeconfig, 'get', 'service', cluster, '-o', 'jsonpath={.spec.clusterIP}'];
const host = output('kubectl', service) ?? fail(`the Service ${cluster} is missing`);
const environment = {
  PGHOST: host,
  PGUSER: 'zalando',
  PGPASSWORD: secretValue(kubeconfig, 'zalando', 'password'),
  PGDATABASE: 'foo',
  PGSSLMODE: 'require',
};
const sql = 'select current_user, current_database(), version(), pg_is_in_recovery() as replica';
say(`$ psql -h ${host} -U zalando -d foo -x -c "${sql}"`);
await query(environment, ['-x', '-c', sql]);
say(`PostgreSQL is running; the cluster stays up.

Connect:      export KUBECONFIG=$(${relativeToHere(pgherd)} local kubeconfig)
              export PGPASSWORD=$(kubectl get secret zalando.${cluster}.credentials.postgresql.acid.zalan.do -o jsonpath={.data.password} | base64 -d)
              psql -h ${host} -U zalando foo
              ${relativeToHere(pgherd)} psql ${cluster}          # as superuser, inside the primary
Look around:  kubectl get postgresql,statefulset,pod,service,endpoints
              kubectl describe postgresql ${cluster}
              ${relativeToHere(pgherd)} show ${cluster}
Try:          kubectl delete pod ${cluster}-0                   # a replica takes over
Stop:         ${relativeToHere(pgherd)} local down               # keeps the data; \`local up\` goes on
              ${relativeToHere(pgherd)} local reset              # removes everything`);

function relativeToHere(path: string): string {
  return path.startsWith(`${process.cwd()}/`) ? path.slice(process.cwd().length + 1) : path;
}
