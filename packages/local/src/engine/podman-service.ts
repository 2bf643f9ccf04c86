import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createEngine } from './http-engine.ts';
import { findProgram } from './probe-host.ts';
import type { HostFacts } from './probe-host.ts';

/** How long a new service may take until it answers. */
const START_DEADLINE_MS = 15_000;

/**
 * How long podman keeps what is known of a command in a container after its end. It costs two processes for each, so
 * podman's own five minutes would make hundreds of an exec probe. The exit code is asked for at once.
 */
const EXEC_KEPT_SECONDS = 10;

/** Where an instance's own podman service listens. */
export function podmanSocketPath(home: string): string {
  return join(home, 'run', 'podman.sock');
}

/**
 * Starts `podman system service` for this instance, detached: it outlives this process, and the next start finds
 * it by its socket. Its configuration is a file of ours, the machine's own is not touched.
 * Answers the socket's path once it answers. Throws with the service's own words when it does not come up.
 */
export async function startPodmanService(home: string, facts: HostFacts): Promise<string> {
  const podman = findProgram('podman');
  if (podman === undefined) throw new Error('podman is not installed (apt-get install podman runc)');
  if (facts.runtime === undefined) {
    throw new Error('no OCI runtime works on this machine: install runc (apt-get install runc)');
  }
  const run = join(home, 'run');
  mkdirSync(run, { recursive: true, mode: 0o700 });
  const configuration = join(run, 'containers.conf');
  writeFileSync(configuration, containersConf(facts.runtime));
  const socket = podmanSocketPath(home);
  // One that was started by a server that was killed meanwhile may not answer yet, and nobody would end it.
  stopPodmanService(home);
  rmSync(socket, { force: true });

  const logPath = join(run, 'podman.log');
  const log = openSync(logPath, 'w', 0o600);
  const child = spawn(podman, ['system', 'service', '--time=0', `unix://${socket}`], {
    detached: true,
    stdio: ['ignore', log, log],
    cwd: '/',
    env: { ...process.env, CONTAINERS_CONF: configuration },
  });
  closeSync(log);
  let ended: string | undefined;
  child.once('error', (cause) => (ended = cause.message));
  child.once('exit', (code, signal) => (ended = `it ended with ${signal ?? `exit code ${code}`}`));
  child.unref();
  writeFileSync(join(run, 'podman.pid'), `${child.pid ?? ''}\n`);

  const engine = createEngine(socket);
  const deadline = Date.now() + START_DEADLINE_MS;
  try {
    for (;;) {
      const answered = await engine.version().catch(() => undefined);
      if (answered !== undefined) return socket;
      if (ended !== undefined || Date.now() > deadline) {
        const said = readFileSync(logPath, 'utf8').trim();
        throw new Error(
          `podman's service did not start: ${ended ?? 'no answer in 15 s'}${said && `: ${said}`}`,
        );
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  } finally {
    engine.close();
  }
}

/** Ends the instance's own podman service, if it runs. Containers are not touched by it. */
export function stopPodmanService(home: string): void {
  const run = join(home, 'run');
  let pid: number;
  try {
    pid = Number(readFileSync(join(run, 'podman.pid'), 'utf8').trim());
    // The number may have been given to another process since: only a podman of this socket is ended.
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    if (!command.includes(`unix://${podmanSocketPath(home)}`)) return;
    process.kill(pid, 'SIGTERM');
  } catch {
    return;
  } finally {
    rmSync(join(run, 'podman.pid'), { force: true });
  }
}

/** The journal may be absent on small machines, so events and logs go to files. */
function containersConf(runtime: string): string {
  return [
    '[engine]',
    `runtime = "${runtime}"`,
    'cgroup_manager = "cgroupfs"',
    'events_logger = "file"',
    `exit_command_delay = ${EXEC_KEPT_SECONDS}`,
    '[containers]',
    'log_driver = "k8s-file"',
    '',
  ].join('\n');
}
