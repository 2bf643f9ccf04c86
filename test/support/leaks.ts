import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { secrets } from '@pgherd/kube/objects';
import { findBackground } from './background.ts';
import type { LocalCluster } from './local-cluster.ts';

/** Where somebody looks who must not find a password there, and what stands there. */
interface Place {
  where: string;
  text: string;
}

/** Result of a search: what was looked through, and what should not have been there. */
export interface LeakSearch {
  /** Length of the text by place, so that a test sees that something was looked through. */
  searched: Record<string, number>;
  /** E.g. `operator.log: password of Secret zalando…`; never the secret itself. */
  found: string[];
}

/**
 * Looks for the passwords of all Secrets, and for the verifiers that PostgreSQL stores, in logs, events, objects, command
 * lines, PostgreSQL's own views, and all that the command line and the operator's HTTP API print.
 */
export async function searchLeaks(local: LocalCluster, cluster: string): Promise<LeakSearch> {
  const needles = [...(await passwordsOf(local)), ...(await verifiersOf(local, cluster))];
  if (needles.length < 3) throw new Error(`only ${needles.length} secrets to look for`);
  const places = [
    ...logFiles(local),
    ...commandLines(),
    ...(await printed(local, cluster)),
    ...(await answered(local, cluster)),
    ...(await fromPods(local, cluster)),
  ];
  return {
    searched: Object.fromEntries(places.map(({ where, text }) => [where, text.length])),
    found: places.flatMap(({ where, text }) =>
      needles.filter(({ secret }) => text.includes(secret)).map(({ of }) => `${where}: ${of}`),
    ),
  };
}

interface Needle {
  of: string;
  secret: string;
}

/** Passwords as they are and as Secrets carry them; short ones are words that stand anywhere. */
async function passwordsOf(local: LocalCluster): Promise<Needle[]> {
  const { items } = await local.client.list(secrets, { namespace: local.namespace });
  return items.flatMap(({ metadata, data }) => {
    const encoded = data?.['password'] ?? data?.['restapi-password'] ?? '';
    const password = Buffer.from(encoded, 'base64').toString();
    const of = `password of Secret ${metadata?.name}`;
    return password.length < 12
      ? []
      : [
          { of, secret: password },
          { of: `${of}, base64`, secret: encoded },
        ];
  });
}

/** Salt and keys of each role. */
async function verifiersOf(local: LocalCluster, cluster: string): Promise<Needle[]> {
  const sql = 'select rolname, rolpassword from pg_authid where rolpassword is not null';
  const rows = await local.pgherd('psql', cluster, '--', '-AtF,', '-c', sql);
  return rows
    .trim()
    .split('\n')
    .map((row) => {
      const [role = '', verifier = ''] = row.split(',');
      return { of: `verifier of role ${role}`, secret: verifier };
    });
}

function logFiles({ home }: LocalCluster): Place[] {
  const folder = join(home, 'log');
  return readdirSync(folder).map((name) => ({
    where: name,
    text: readFileSync(join(folder, name), 'utf8'),
  }));
}

function commandLines(): Place[] {
  const lines = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
      } catch {
        // It ended meanwhile.
        return '';
      }
    });
  return [{ where: 'command lines of all processes', text: lines.join('\n') }];
}

/** What `kubectl` shows of everything but Secrets, and what `pgherd` prints. */
async function printed(local: LocalCluster, cluster: string): Promise<Place[]> {
  const kinds = 'events,postgresqls,pods,statefulsets,deployments,services,configmaps,endpoints,cronjobs';
  return [
    { where: `kubectl get ${kinds}`, text: await local.kubectl('get', kinds, '-A', '-o', 'yaml') },
    { where: 'pgherd list', text: await local.pgherd('list', '-A', '-o', 'json') },
    { where: 'pgherd show', text: await local.pgherd('show', cluster, '-o', 'json') },
    { where: 'pgherd show, for people', text: await local.pgherd('show', cluster) },
    { where: 'pgherd plan', text: await local.pgherdOutput('plan', cluster, '-o', 'json') },
    { where: 'pgherd plan --delete', text: await local.pgherdOutput('plan', cluster, '--delete') },
  ];
}

async function answered(local: LocalCluster, cluster: string): Promise<Place[]> {
  const operator = findBackground(local.home, 'operator');
  const of = `/clusters/${local.namespace}/${cluster}`;
  const paths = [
    of,
    `${of}/logs`,
    `${of}/history`,
    '/config/',
    '/metrics',
    '/workers/all/logs',
    '/databases/',
  ];
  return Promise.all(
    paths.map(async (path) => {
      const response = await fetch(`http://127.0.0.1:${operator?.httpPort}${path}`);
      return { where: `HTTP ${path}`, text: await response.text() };
    }),
  );
}

const serverLogs =
  'find /home/postgres -type f \\( -name "*.log" -o -name "*.csv" -o -name "*.json" \\) -path "*log*" -exec cat {} +';
const activity = 'select string_agg(query, chr(10)) from pg_stat_activity';

/** Logs of every container, PostgreSQL's own log files, and what its views say of statements. */
async function fromPods(local: LocalCluster, cluster: string): Promise<Place[]> {
  const places: Place[] = [
    { where: 'pg_stat_activity', text: await local.pgherd('psql', cluster, '--', '-Atc', activity) },
  ];
  for (const { metadata } of await local.pods(cluster)) {
    const pod = metadata?.name ?? '';
    const inPod = (command: string) =>
      local.kubectl('exec', pod, '-c', 'postgres', '--', '/bin/sh', '-c', command);
    places.push(
      { where: `kubectl logs ${pod}`, text: await local.kubectl('logs', pod, '--all-containers') },
      { where: `PostgreSQL's log in ${pod}`, text: await inPod(serverLogs) },
    );
  }
  return places;
}
