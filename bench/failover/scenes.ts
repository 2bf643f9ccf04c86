import { readFileSync, readdirSync } from 'node:fs';
import type { Scene } from './scene.ts';
import type { Stage } from './stage.ts';

/** Kills the first process of the container: the kernel kills the rest of its PID namespace. */
async function killContainer(stage: Stage, cluster: string): Promise<void> {
  process.kill(await stage.local.containerProcess(await stage.primary(cluster)), 'SIGKILL');
}

/** Kills the postmaster alone: Patroni lives on. */
async function killPostmaster(stage: Stage, cluster: string): Promise<void> {
  const first = await stage.local.containerProcess(await stage.primary(cluster));
  process.kill(findPostmaster(first), 'SIGKILL');
}

async function deletePod(stage: Stage, cluster: string): Promise<void> {
  const name = (await stage.primary(cluster)).metadata?.name ?? '';
  await stage.local.kubectl('delete', 'pod', name, '--wait=false');
}

/** By the command line, or as `patronictl` does without it. */
const switchOver: Scene['act'] = async (stage, cluster, side) => {
  if (side === 'pgherd') {
    await stage.local.pgherd('switchover', cluster, '--yes');
    return;
  }
  const leader = (await stage.primary(cluster)).metadata?.name ?? '';
  const patronictl = ['patronictl', '-c', '/run/postgres.yml', 'switchover', '--leader', leader, '--force'];
  await stage.local.kubectl('exec', leader, '-c', 'postgres', '--', ...patronictl);
};

/** The power of the primary's node goes. */
async function stopNode(stage: Stage, cluster: string): Promise<void> {
  const node = (await stage.primary(cluster)).spec?.nodeName ?? '';
  await stage.local.pgherd('local', 'node', 'stop', node, '--home', stage.local.home);
}

/** The primary's node reaches nobody, and nobody reaches it. */
async function cutNode(stage: Stage, cluster: string): Promise<void> {
  const node = (await stage.primary(cluster)).spec?.nodeName ?? '';
  await stage.local.pgherd('local', 'node', 'cut', node, '--home', stage.local.home);
}

/** Every node on and reachable again. */
async function restoreNodes(stage: Stage): Promise<void> {
  const names = (await stage.local.kubectl('get', 'nodes', '-o', 'jsonpath={.items[*].metadata.name}')).split(
    ' ',
  );
  for (const name of names)
    for (const verb of ['start', 'heal'])
      await stage.local
        .pgherd('local', 'node', verb, name, '--home', stage.local.home)
        .catch(() => undefined);
}

/** Opt-in: a lost node is replaced sooner, and a slow API server is forgiven less. */
const quickProfile = { ttl: 20, loop_wait: 5, retry_timeout: 5 };

/** The postgres process below this one whose parent is no postgres. */
function findPostmaster(container: number): number {
  const processes = readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .flatMap(processOf);
  const byPid = new Map(processes.map((each) => [each.pid, each]));
  const isBelow = (pid: number): boolean =>
    pid === container || (pid > 1 && isBelow(byPid.get(pid)?.parent ?? 0));
  const found = processes.find(
    ({ pid, name, parent }) => name === 'postgres' && byPid.get(parent)?.name !== 'postgres' && isBelow(pid),
  );
  if (found === undefined) throw new Error(`no postmaster below process ${container}`);
  return found.pid;
}

function processOf(entry: string): { pid: number; name: string; parent: number }[] {
  try {
    const [, pid = '', name = '', parent = ''] =
      /^(\d+) \((.*)\) \S (\d+)/s.exec(readFileSync(`/proc/${entry}/stat`, 'utf8')) ?? [];
    return [{ pid: Number(pid), name, parent: Number(parent) }];
  } catch {
    // It has ended meanwhile.
    return [];
  }
}

/** All that is measured, in the order of the table. */
export const scenes: readonly Scene[] = [
  {
    id: 'kill-synchronous',
    title: 'container of the primary killed, synchronous mode',
    goal: { p50: 1, p99: 3 },
    synchronous: true,
    path: 'direct',
    act: killContainer,
  },
  {
    id: 'kill-asynchronous',
    title: 'container of the primary killed, asynchronous',
    goal: { p50: 3, p99: 8 },
    synchronous: false,
    path: 'direct',
    act: killContainer,
  },
  {
    id: 'postmaster',
    title: 'PostgreSQL alone killed',
    goal: { p50: 2, p99: 5 },
    synchronous: true,
    path: 'direct',
    act: killPostmaster,
  },
  {
    id: 'delete',
    title: "primary's pod deleted gracefully",
    goal: { p50: 2, p99: 4 },
    synchronous: true,
    path: 'direct',
    act: deletePod,
  },
  {
    id: 'switchover',
    title: 'switchover, direct',
    goal: { p50: 1.5, p99: 4 },
    synchronous: true,
    path: 'direct',
    act: switchOver,
  },
  {
    id: 'switchover-pooler',
    title: 'switchover, through the pooler',
    goal: { p50: 1, p99: 3 },
    synchronous: true,
    path: 'pooler',
    act: switchOver,
  },
  {
    id: 'node-stopped',
    title: "primary's node gone (ttl 20, loop_wait 5, retry_timeout 5)",
    goal: { p50: 24, p99: 30 },
    synchronous: true,
    path: 'direct',
    patroni: quickProfile,
    isAboutNodes: true,
    act: stopNode,
    heal: restoreNodes,
  },
  {
    id: 'node-cut',
    title: "primary's node cut off (ttl 20, loop_wait 5, retry_timeout 5)",
    goal: { p50: 24, p99: 30 },
    synchronous: true,
    path: 'direct',
    patroni: quickProfile,
    isAboutNodes: true,
    act: cutNode,
    heal: restoreNodes,
  },
];
