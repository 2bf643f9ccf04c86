/**
 * Measures logins of people: `node bench/token-logins.ts [N]`. PostgreSQL of the database image, in a container in the host's
 * network, with the image's own PAM module; a token-info server on this machine; psql over TLS. Prints a table.
 */
import { execFile, execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, chmodSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ContainerTool } from '../images/container-tool.ts';
import { answerFor, startTokenInfoServer } from '../images/postgres/src/pam/testing/token-info-server.ts';
import { pamService, parsePeople } from '../images/postgres/src/people.ts';
import { eventually } from '../test/support/eventually.ts';
import { summarise } from './statistics.ts';

const rounds = Number(process.argv[2] ?? 20);
const port = '54329';
const name = `pgherd-bench-tokens-${process.pid}`;
const tool = ContainerTool.find();
const directory = mkdtempSync(join(tmpdir(), 'pgherd-bench-tokens-'));
chmodSync(directory, 0o755);
const token = 'eyJhbGciOi'.repeat(100);
const info = await startTokenInfoServer(answerFor({ [token]: { uid: 'jane', expires_in: 3600 } }));

const server = `set -eu
mkdir -p /run/pam.d /tmp/tls
cp /bench/service /run/pam.d/postgresql
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=bench -keyout /tmp/tls/key -out /tmp/tls/crt 2> /dev/null
initdb -D /tmp/data -A trust --no-sync > /dev/null
printf 'local all all trust\\nhostssl all +zalandos all pam\\nhostssl all all all scram-sha-256\\n' > /tmp/data/pg_hba.conf
exec postgres -D /tmp/data -p ${port} -c fsync=off -c ssl=on -c ssl_cert_file=/tmp/tls/crt -c ssl_key_file=/tmp/tls/key
`;

async function psql(user: string, password: string): Promise<number> {
  const connection = `host=127.0.0.1 port=${port} dbname=postgres user=${user} sslmode=require`;
  const begin = performance.now();
  const env = { ...process.env, PGPASSWORD: password };
  await promisify(execFile)('psql', ['-XAtwc', 'select 1', connection], { env });
  return performance.now() - begin;
}

try {
  copyFileSync(info.caFile, join(directory, 'ca.crt'));
  const people = parsePeople({ PAM_OAUTH2: `${info.url} uid`, PAM_OAUTH2_CA_FILE: '/bench/ca.crt' });
  writeFileSync(join(directory, 'service'), pamService(people) ?? '');
  const how = ['--detach', '--rm', '--name', name, '--network', 'host', '--volume', `${directory}:/bench:ro`];
  const image = ['--entrypoint', 'sh', 'localhost/pgherd/postgres:17', '-c', server];
  const { program, args } = tool.runCommand([...how, ...image]);
  execFileSync(program, args, { stdio: 'pipe' });
  const sql = `create role zalandos; create role jane login in role zalandos; create role app login password 'app'`;
  const inside = tool.command(['exec', name, 'psql', '-Xqp', port, '-d', 'postgres', '-c', sql]);
  await eventually('PostgreSQL answers', () => {
    execFileSync(inside.program, inside.args, { stdio: 'pipe' });
    return true;
  });
  console.log('| login by psql, new connection | p50 | p95 | max | N |\n|---|---|---|---|---|');
  const report = (what: string, times: number[]): void => {
    const { p50, p95, max, n } = summarise(times);
    console.log(`| ${what} | ${p50.toFixed(0)} ms | ${p95.toFixed(0)} ms | ${max.toFixed(0)} ms | ${n} |`);
  };
  const inARow = async (user: string, password: string): Promise<number[]> => {
    const times: number[] = [];
    for (let n = 0; n < rounds; n++) times.push(await psql(user, password));
    return times;
  };
  report('with a password', await inARow('app', 'app'));
  report('with a token', await inARow('jane', token));
  report(
    `with a token, ${rounds} at once`,
    await Promise.all(Array.from({ length: rounds }, () => psql('jane', token))),
  );
} finally {
  tool.run(['rm', '--force', '--volumes', name], { quiet: true });
  await info.stop();
  rmSync(directory, { recursive: true, force: true });
}
