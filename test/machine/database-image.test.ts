import { afterEach, expect, test } from 'vitest';
import { ContainerTool } from '../../images/container-tool.ts';
import { eventually } from '../support/eventually.ts';
import { run } from '../support/instance.ts';

/** How the database image starts as different users; Patroni finds no Kubernetes there and is not waited for. */

const image = 'localhost/pgherd/postgres:17';
const name = `pgherd-test-image-${process.pid}`;
const tool = ContainerTool.find();
const pamConfiguration = 'https://info.example.com/?access_token= uid realm=/employees';

afterEach(() => {
  tool.run(['rm', '--force', '--volumes', name], { quiet: true });
});

/** Starts it, waits until it hands over to Patroni, and answers its log. */
async function start(options: string[], environment: Record<string, string> = {}): Promise<string> {
  const variables = {
    DCS_ENABLE_KUBERNETES_API: 'true',
    SCOPE: 'demo',
    HOSTNAME: 'demo-0',
    POD_IP: '127.0.0.1',
    PGPASSWORD_SUPERUSER: 'superuser-password',
    PGPASSWORD_STANDBY: 'standby-password',
    ...environment,
  };
  const { program, args } = tool.runCommand([
    '--detach',
    '--name',
    name,
    '--network',
    'none',
    ...options,
    ...Object.entries(variables).flatMap(([key, value]) => ['--env', `${key}=${value}`]),
    image,
  ]);
  const { code, stderr } = await run(program, args);
  if (code !== 0) throw new Error(`${image} does not start: ${stderr}`);
  return eventually('it starts Patroni, or says why not', async () => {
    const log = await run(program, [...tool.command(['logs', name]).args]);
    const text = log.stdout + log.stderr;
    return /INFO: starting Patroni|ERROR: cannot start/.test(text) && text;
  });
}

const inside = (script: string): Promise<{ stdout: string }> => {
  const { program, args } = tool.command(['exec', name, 'sh', '-c', script]);
  return run(program, args);
};

test.each([
  ['as the user of the image', []],
  ['as root', ['--user', '0:0']],
  ['as a user that OpenShift picks', ['--user', '1000650000:0']],
  [
    'with a root file system that is read-only',
    ['--read-only', '--volume', '/run', '--volume', '/home/postgres/pgdata'],
  ],
])('it starts: %s', async (_what, options) => {
  const log = await start(options, { PAM_OAUTH2: pamConfiguration });
  expect(log).toContain('INFO: starting Patroni: cluster demo, member demo-0, PostgreSQL 17');
  const { stdout } = await inside('cat /etc/pam.d/postgresql; stat -c %a /home/postgres/pgdata/pgroot/data');
  expect(stdout).toBe(
    `auth required pam_oauth2.so ${pamConfiguration}\naccount required pam_oauth2.so\n700\n`,
  );
});

test('PAM lets nobody in without a configuration, or with one that it cannot use', async () => {
  await start([]);
  const files =
    'cat /etc/pam.d/other; ls /run/pam.d /etc/pam.d/postgresql -L 2>&1; grep -c pam /run/postgres.yml';
  const { stdout } = await inside(files);
  expect(stdout.split('\n').filter((line) => line.endsWith(' required pam_deny.so'))).toHaveLength(4);
  expect(stdout).toMatch(/\/etc\/pam\.d\/postgresql': No such file/);
  expect(stdout.trimEnd().endsWith('\n0')).toBe(true);
  tool.run(['rm', '--force', '--volumes', name]);

  const log = await start([], { PAM_OAUTH2: 'http://info.example.com/?access_token= uid' });
  expect(log).toMatch(/WARNING: PAM_OAUTH2: .* does not begin with https:/);
  expect((await inside('ls /run/pam.d; grep -c " pam$" /run/postgres.yml')).stdout).toBe('3\n');
});

/**
 * Patroni's own way to stop a primary, with a server that ends while it is waited for; and its wait for a replica that
 * has the last of the log, with one that says so when it is asked for the third time, and one that never does.
 */
const handover = `
import time, types
from patroni.postgresql import Postgresql
from patroni.ha import Ha

class Postmaster:
    waited = []
    ended = False
    def is_running(self):
        return not self.ended
    def signal_stop(self, *_):
        return None
    def wait(self, timeout=None):
        self.waited.append(timeout)
        self.ended = True

def forbidden(_):
    raise Exception('it sleeps')

postmaster, nothing, sleep = Postmaster(), lambda *_, **__: None, time.sleep
server = types.SimpleNamespace(
    is_running=lambda: postmaster, set_state=nothing, _before_stop=nothing, pgcommand=nothing,
    controldata=lambda: {'Database cluster state': 'in production'})
time.sleep = forbidden
print(Postgresql._do_stop(server, 'fast', False, False, None, nothing, None, None), postmaster.waited)

time.sleep = sleep
asked = []
def possible(cluster_lsn):
    asked.append(cluster_lsn)
    return len(asked) == 3
Ha.wait_until_failover_is_possible(types.SimpleNamespace(is_failover_possible=possible), 5)
print(asked)
Ha.wait_until_failover_is_possible(types.SimpleNamespace(is_failover_possible=lambda cluster_lsn: False), 5)
print('given up')
`;

test('its Patroni goes on as soon as a primary has stopped, or a replica has the last of the log', async () => {
  const { program, args } = tool.runCommand(['--rm', '--entrypoint', 'python3', image, '-c', handover]);
  const { stdout, stderr } = await run(program, args);
  expect(stderr).toBe('');
  expect(stdout).toBe('(True, True) [1, None]\n[5, 5, 5]\ngiven up\n');
});
