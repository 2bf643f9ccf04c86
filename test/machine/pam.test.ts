import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { connect } from '@pgherd/postgres';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bundle } from '../../images/bundle.ts';
import {
  answerFor,
  startTokenInfoServer,
  type TokenInfoServer,
} from '../../images/postgres/src/pam/testing/token-info-server.ts';
import { parsePeople, pamService } from '../../images/postgres/src/people.ts';
import { eventually } from '../support/eventually.ts';
import { projectRoot, run } from '../support/instance.ts';
import { type PostgresServer, startPostgres } from '../support/postgres-server.ts';

/** The compiled PAM module: against checkers that misbehave, and with the real one in a real PostgreSQL. */

const source = join(projectRoot, 'images/postgres/pam');
let directory: string;

/** Compiles the module. */
function compile(name: string, checker: string[], CFLAGS = ''): string {
  const file = join(directory, name);
  const env = { ...process.env, CFLAGS };
  execFileSync(join(source, 'build.sh'), [file, ...checker], { env, stdio: 'pipe' });
  return file;
}

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'pgherd-test-pam-'));
  // The server runs as another user.
  chmodSync(directory, 0o755);
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

describe('the module and its checker', () => {
  const service = 'checker';
  let script: string;

  beforeAll(() => {
    script = join(directory, 'checker.sh');
    // Short, so that a hanging checker does not keep the tests.
    const module = compile('script.so', ['/bin/sh', script], '-DDEADLINE_MS=1500');
    mkdirSync(join(directory, 'pam.d'));
    const lines = [`auth required ${module} one [two words]`, `account required ${module}`, ''];
    writeFileSync(join(directory, 'pam.d', service), lines.join('\n'));
    const missing = compile('missing.so', [join(directory, 'not-there')]);
    writeFileSync(join(directory, 'pam.d/missing'), `auth required ${missing} one two\n`);
    writeFileSync(join(directory, 'pam.d/wrong'), `auth required ${module} one\n`);
    const program = join(directory, 'pam-login');
    const pamLogin = join(projectRoot, 'test/machine/pam-login.c');
    execFileSync('gcc', ['-Wall', '-Wextra', '-Werror', '-o', program, pamLogin, '-lpam']);
  });

  async function login(
    checker: string,
    { token = 'token', user = 'jane', quirks = [] as string[], of = service } = {},
  ): Promise<string> {
    writeFileSync(script, checker);
    const args = [join(directory, 'pam.d'), of, user, ...quirks];
    const { stdout, stderr } = await run(join(directory, 'pam-login'), args, {
      input: token,
      env: { SECRET: 'of the server' },
    });
    return `${stdout}${stderr}`.trim();
  }

  const good = 'cat > /dev/null; printf ok';

  test('only `ok` and a good end let anybody in', async () => {
    expect(await login(good)).toBe('logged in');
  });

  test.each([
    ['its reason', 'printf "another user"; cat > /dev/null', 'pam_oauth2: another user'],
    ['more than ok', 'cat > /dev/null; echo ok', 'pam_oauth2: ok?'],
    ['odd bytes', `cat > /dev/null; printf 'a\\nb\\033'`, 'pam_oauth2: a?b?'],
    ['nothing', 'cat > /dev/null', 'the checker did not answer'],
    ['ok and a failure', 'cat > /dev/null; printf ok; exit 1', 'the checker did not answer'],
    ['ok and a crash', 'cat > /dev/null; printf ok; kill -SEGV $$', 'the checker did not answer'],
    ['ok and no end', 'cat > /dev/null; printf ok; exec sleep 60', 'the checker did not answer'],
    ['ok, closed files, no end', 'cat > /dev/null; printf ok; exec sleep 60 <&- >&-', 'the checker did not'],
    ['far too much', 'cat > /dev/null; head -c 300 /dev/zero', 'the checker did not answer'],
    ['without an end', 'exec cat /dev/zero', 'the checker did not answer'],
    ['no reading, no answer', 'exit 0', 'the checker did not answer'],
    ['words on standard error', 'cat > /dev/null; printf ok >&2', 'the checker did not answer'],
  ])('a checker that answers %s lets nobody in', async (_what, checker, why) => {
    const said = await login(checker);
    expect(said).toContain(why);
    expect(said).toMatch(/(Authentication failure|Authentication service cannot retrieve[^\n]*)$/);
  });

  test('no checker, too few arguments, no token, sizes that are absurd', async () => {
    expect(await login(good, { of: 'missing' })).toContain('the checker did not answer');
    expect(await login(good, { of: 'wrong' })).toContain('its arguments in the PAM configuration are wrong');
    expect(await login(good, { token: '' })).toBe('Authentication failure');
    expect(await login(good, { token: 'x'.repeat(8193) })).toContain('user name or token is too long');
    expect(await login(good, { user: 'u'.repeat(256) })).toContain('user name or token is too long');
    expect(await login(good, { token: 'x'.repeat(8192), user: 'u'.repeat(255) })).toBe('logged in');
  });

  test.each([['ignore-children'], ['block-signals'], ['close-files']])(
    'a server with %s changes nothing',
    async (quirk) => {
      expect(await login(good, { quirks: [quirk] })).toBe('logged in');
      expect(await login('exit 1', { quirks: [quirk] })).toContain('the checker did not answer');
      expect(await login('kill $$; sleep 60', { quirks: [quirk] })).toContain('the checker did not answer');
    },
  );

  test('the checker gets arguments and input, and nothing else of the server', async () => {
    const seen = join(directory, 'seen');
    const look = [
      `cat > ${seen}`,
      `printf '\\n%s|' "$@" >> ${seen}`,
      `tr '\\0' '\\n' < /proc/$$/environ >> ${seen}`,
      `readlink /proc/$$/fd/* >> ${seen}`,
      // A builtin, because the shell blocks signals itself while it starts programs.
      'while read -r key mask; do',
      `case $key in SigBlk: | SigIgn:) echo $mask >> ${seen} ;; esac`,
      'done < /proc/$$/status',
      'printf ok',
    ].join('\n');
    const quirks = ['block-signals', 'ignore-children'];
    expect(await login(look, { quirks, token: 'to\nken' })).toBe('logged in');
    const lines = readFileSync(seen, 'utf8')
      .trimEnd()
      .split('\n')
      // The shell's own: its script, and where it writes (in place of one of its sockets).
      .filter((line) => !line.startsWith(directory))
      .map((line) => line.replace(/^(.*socket):\[\d+\]$/, '$1'));
    const signals = lines.splice(-2).map((mask) => BigInt(`0x${mask}`) & 0x7fff_ffffn);
    expect(lines).toEqual(['jane\0to', 'ken', 'one|', 'two words|socket', '/dev/null']);
    expect(signals).toEqual([0n, 0n]);
  });

  test('so many logins at once wait for each other, and a hanging checker leaves none behind', async () => {
    const log = join(directory, 'order');
    writeFileSync(log, '');
    const slow = `cat > /dev/null; echo begin >> ${log}; sleep 0.1; echo end >> ${log}; printf ok`;
    const all = await Promise.all(Array.from({ length: 12 }, () => login(slow)));
    expect(all).toEqual(all.map(() => 'logged in'));
    let running = 0;
    const most = readFileSync(log, 'utf8')
      .trim()
      .split('\n')
      .map((line) => (running += line === 'begin' ? 1 : -1));
    expect(Math.max(...most)).toBe(4);

    const hang = `exec sleep 60.${process.pid}`;
    const refused = await Promise.all(Array.from({ length: 6 }, () => login(hang)));
    for (const said of refused) expect(said).toMatch(/the checker did not answer|too many logins at once/);
    expect(processes().filter(({ command }) => command.includes(`60.${process.pid}`))).toEqual([]);
    expect(await login(good)).toBe('logged in');
  });
});

interface Process {
  command: string;
  environment: string;
}

/** Processes of this machine. */
function processes(): Process[] {
  return readdirSync('/proc').flatMap((pid) => {
    if (!/^\d+$/.test(pid)) return [];
    const read = (name: string): string =>
      readFileSync(`/proc/${pid}/${name}`, 'latin1').replaceAll('\0', ' ');
    try {
      return [{ command: read('cmdline'), environment: read('environ') }];
    } catch {
      return [];
    }
  });
}

describe('logins to PostgreSQL', () => {
  const jane = { uid: 'jane', realm: '/employees', expires_in: 3598 };
  const long = (size: number): string => `${size}.${'eyJhbGciOi'.repeat(1000)}`.slice(0, size);
  const special = `&uid=joe#%2e+/=?"'\\ <ü€>;$(x)`;
  let info: TokenInfoServer;
  let server: PostgresServer;
  let service: string;
  let release: (() => void) | undefined;

  beforeAll(async () => {
    const known = answerFor({
      [long(300)]: jane,
      [long(4096)]: jane,
      [special]: jane,
      'token-of-joe': { ...jane, uid: 'joe' },
      'token-of-a-partner': { ...jane, realm: '/partners' },
      'token-of-yesterday': { ...jane, expires_in: 0 },
    });
    info = await startTokenInfoServer((token, response) => {
      if (token === 'held-token') release = () => response.end(JSON.stringify(jane));
      else known(token, response);
    });
    await bundle(join(projectRoot, 'images/postgres/src/pam/check.ts'), join(directory, 'pam-check.mjs'));
    copyFileSync(process.execPath, join(directory, 'node'));
    const module = compile('pam_oauth2.so', [join(directory, 'node'), join(directory, 'pam-check.mjs')]);

    copyFileSync(info.caFile, join(directory, 'ca.crt'));
    const people = parsePeople({
      PAM_OAUTH2: `${info.url} uid realm=/employees`,
      PAM_OAUTH2_CA_FILE: join(directory, 'ca.crt'),
    });
    // PAM looks services up in lower case.
    service = basename(directory).toLowerCase();
    writeFileSync(`/etc/pam.d/${service}`, (pamService(people) ?? '').replaceAll('pam_oauth2.so', module));
    const hba = join(directory, 'pg_hba.conf');
    writeFileSync(
      hba,
      [
        `hostssl   all +zalandos 127.0.0.1/32 pam pamservice=${service}`,
        'hostnossl all +zalandos 127.0.0.1/32 reject',
        'host      all all       127.0.0.1/32 scram-sha-256',
        '',
      ].join('\n'),
    );
    server = await startPostgres({ hba_file: hba, log_connections: 'on', log_min_messages: 'debug1' });
    const superuser = await connect({ ...server, user: 'postgres', database: 'postgres' });
    await superuser.query('CREATE ROLE zalandos');
    for (const role of ['jane', 'joe']) await superuser.query(`CREATE ROLE ${role} LOGIN IN ROLE zalandos`);
    await superuser.query('CREATE ROLE outsider LOGIN');
    await superuser.close();
  });
  afterAll(async () => {
    rmSync(`/etc/pam.d/${service}`, { force: true });
    await server?.stop();
    await info?.stop();
  });

  async function psql(user: string, token: string, sslmode = 'require'): Promise<string> {
    const connection = `host=127.0.0.1 port=${server.port} dbname=postgres user=${user} sslmode=${sslmode}`;
    const { stdout, stderr } = await run('psql', ['-XAtw', '-c', 'SELECT current_user', connection], {
      env: { PGPASSWORD: token },
    });
    return `${stdout}${stderr}`.trim();
  }

  test.each([
    ['300 bytes', long(300)],
    ['4 KiB', long(4096)],
    ['special characters', special],
  ])('a token of %s', async (_what, token) => {
    expect(await psql('jane', token)).toBe('jane');
  });

  test.each([
    ['an unknown token', 'jane', 'no-token', 'the token-info server answered with status 400'],
    ["another user's token", 'jane', 'token-of-joe', "the token's uid is another user"],
    ['the token of another realm', 'jane', 'token-of-a-partner', "the token's realm is not what it must be"],
    ['a token that has expired', 'jane', 'token-of-yesterday', 'the token has expired'],
    ['a token for somebody else', 'joe', long(300), "the token's uid is another user"],
  ])('%s is refused; the reason is in the log and not told', async (_what, user, token, reason) => {
    expect(await psql(user, token)).toMatch(new RegExp(`PAM authentication failed for user "${user}"$`));
    const ours = server
      .log()
      .split('\n')
      .filter((line) => line.includes('pam_oauth2: '));
    expect(ours.at(-1)).toContain(reason);
  });

  test('without TLS, without a token, and outside the group', async () => {
    expect(await psql('jane', long(300), 'disable')).toContain('pg_hba.conf rejects connection');
    expect(await psql('jane', '')).toContain('no password supplied');
    expect(await psql('outsider', long(300))).toContain('password authentication failed');
  });

  test('while a token is checked, no process shows it; the server stays what it was', async () => {
    const token = 'held-token';
    const waiting = psql('jane', token);
    await eventually('the token is asked about', () => info.asked.includes(token));
    const checkers = processes().filter(({ command }) => command.includes('pam-check.mjs'));
    expect(checkers).toEqual([
      { command: expect.stringContaining(`${info.url} uid realm=/employees`), environment: '' },
    ]);
    const servers = processes().filter(({ command }) => command.includes('postgres: jane'));
    expect(servers).toHaveLength(1);
    for (const { command, environment } of [...checkers, ...servers]) {
      expect(`${command}${environment}`).not.toContain(token);
    }
    release?.();
    expect(await waiting).toBe('jane');
  });

  test('no token is in the log', () => {
    const log = server.log();
    expect(info.asked).toContain(special);
    expect(info.asked.filter((token) => log.includes(token))).toEqual([]);
  });

  test('a server that is stopped does not wait for a login', async () => {
    info.asked.length = 0;
    const waiting = psql('jane', 'held-token');
    await eventually('the token is asked about', () => info.asked.includes('held-token'));
    await server.stop();
    expect(await waiting).not.toBe('jane');
    await eventually(
      'no checker is left',
      () => !processes().some(({ command }) => command.includes(join(directory, 'pam-check.mjs'))),
    );
  });
});
