import { postmasterBelow } from '../../test/support/container-processes.ts';
import type { Pod } from '@pgherd/kube/objects';
import { eventually } from '../../test/support/eventually.ts';
import type { Cluster } from './cluster.ts';
import type { Scene } from './scene.ts';

/** Kills the first process of the container: the kernel kills the rest of its PID namespace. */
async function killContainer({ stage }: Cluster, pod: Pod): Promise<number> {
  return kill(await stage.local.containerProcess(pod));
}

async function killPrimary(cluster: Cluster): Promise<number> {
  return killContainer(cluster, await cluster.primary());
}

/** Answers when. */
function kill(pid: number): number {
  const at = Date.now();
  process.kill(pid, 'SIGKILL');
  return at;
}

/** Kills the postmaster alone: Patroni lives on. */
async function killPostmaster(cluster: Cluster): Promise<number> {
  const first = await cluster.stage.local.containerProcess(await cluster.primary());
  return kill(postmasterBelow(first));
}

/**
 * A kubelet starts a container at once the first time that it dies within ten minutes, then after 10 s, 20 s and so on.
 * Pods whose container was killed are replaced, so that each measurement finds one that had run for long.
 */
async function replaceKilled(cluster: Cluster): Promise<void> {
  const pods = await cluster.stage.local.pods(cluster.name);
  const primary = await cluster.primary();
  const killed = pods.filter((pod) => restarts(pod) > 0);
  // The primary last: it has to hand over.
  for (const pod of killed.toSorted((a, b) => Number(a === primary) - Number(b === primary))) {
    await deletePod(cluster, pod);
    await eventually(`${pod.metadata?.name} is replaced`, async () => {
      const now = await cluster.stage.local.pods(cluster.name);
      return now.every(({ metadata }) => metadata?.uid !== pod.metadata?.uid);
    });
  }
}

function restarts({ status }: Pod): number {
  return status?.containerStatuses?.find(({ name }) => name === 'postgres')?.restartCount ?? 0;
}

async function deletePod({ stage }: Cluster, pod: Pod): Promise<void> {
  await stage.local.kubectl('delete', 'pod', pod.metadata?.name ?? '', '--wait=false');
}

/** Makes a member primary whose container has died a moment ago: the kubelet will wait before it starts it again. */
async function letKilledOneLead(cluster: Cluster): Promise<void> {
  const [replica = ''] = await cluster.successors();
  const pods = await cluster.stage.local.pods(cluster.name);
  const pod = pods.find(({ metadata }) => metadata?.name === replica);
  if (pod === undefined) throw new Error(`${cluster.name} has no replica ${replica}`);
  await killContainer(cluster, pod);
  await eventually('it was started again', async () => {
    const now = await cluster.stage.local.pods(cluster.name);
    const again = now.find(({ metadata }) => metadata?.name === replica);
    return again !== undefined && restarts(again) > restarts(pod);
  });
  await cluster.waitUntilWhole();
  await eventually(`${replica} may take over`, async () => (await cluster.successors()).includes(replica));
  const answer = await cluster.patronictl('switchover', '--candidate', replica, '--force');
  if (!answer.includes('Successfully')) throw new Error(`patronictl: ${answer}`);
  await eventually(`${replica} leads`, async () => (await cluster.primary()).metadata?.name === replica);
}

/** By the command line, or as `patronictl` does without it. */
async function switchOver(cluster: Cluster): Promise<void> {
  if (cluster.side === 'pgherd') await cluster.stage.local.pgherd('switchover', cluster.name, '--yes');
  else await cluster.patronictl('switchover', '--force');
}

/**
 * Replaces all pods under a new template. Without the operator as a StatefulSet would: one pod after the other, the
 * highest number first, the next one when all is well.
 */
async function replaceAll(cluster: Cluster): Promise<void> {
  const { local } = cluster.stage;
  const before = await local.pods(cluster.name);
  if (cluster.side === 'pgherd') {
    const body = { spec: { env: [{ name: 'BENCH_ROUND', value: String(Date.now()) }] } };
    const patch = ['--type', 'merge', '-p', JSON.stringify(body)];
    await local.kubectl('patch', 'postgresql', cluster.name, ...patch);
    await untilReplaced(cluster, before);
  } else {
    const names = before.map(({ metadata }) => metadata?.name ?? '');
    for (const name of names.toSorted().toReversed()) {
      const old = before.filter(({ metadata }) => metadata?.name === name);
      for (const pod of old) await deletePod(cluster, pod);
      await untilReplaced(cluster, old);
    }
  }
}

async function untilReplaced(cluster: Cluster, before: readonly Pod[]): Promise<void> {
  const old = new Set(before.map(({ metadata }) => metadata?.uid));
  await eventually(
    `${old.size} pods of ${cluster.name} are replaced`,
    async () => {
      const pods = await cluster.stage.local.pods(cluster.name);
      return pods.length === 3 && pods.every(({ metadata }) => !old.has(metadata?.uid));
    },
    { timeoutMs: 300_000, everyMs: 200 },
  );
  await cluster.waitUntilWhole();
}

/** Stops or cuts the primary's node. */
async function breakNode({ stage, primary }: NodeFault, verb: 'stop' | 'cut'): Promise<void> {
  const node = primary.spec?.nodeName ?? '';
  await stage.local.pgherd('local', 'node', verb, node, '--home', stage.local.home);
}

interface NodeFault {
  stage: Cluster['stage'];
  primary: Pod;
}

const onNodeOfPrimary =
  (verb: 'stop' | 'cut'): Scene['act'] =>
  async (cluster) =>
    breakNode({ stage: cluster.stage, primary: await cluster.primary() }, verb);

/** Every node on and reachable again. */
async function restoreNodes({ stage: { local } }: Cluster): Promise<void> {
  const path = ['-o', 'jsonpath={.items[*].metadata.name}'];
  const names = (await local.kubectl('get', 'nodes', ...path)).split(' ');
  for (const name of names)
    for (const verb of ['start', 'heal'])
      // One that is on, or not cut off, says so.
      await local.pgherdOutput('local', 'node', verb, name, '--home', local.home);
}

const killed = { client: 'direct', anyMoment: true, act: killPrimary, heal: replaceKilled } as const;
const killedAgain = { ...killed, prepare: letKilledOneLead } as const;

/** The primary's node goes away, at any moment; `what` words it. */
function nodeScene(id: Scene['id'], what: string, how: 'stop' | 'cut'): Scene {
  return {
    id,
    title: `primary's node ${what} (\`ttl\` 20, \`loop_wait\` 5, \`retry_timeout\` 5)`,
    goal: { p50: 24, p99: 30 },
    kind: 'quick',
    wanted: 15,
    client: 'direct',
    anyMoment: true,
    isAboutNodes: true,
    act: onNodeOfPrimary(how),
    heal: restoreNodes,
  };
}

/** All that is measured, in the order of the table. */
export const scenes: readonly Scene[] = [
  {
    id: 'kill-synchronous',
    title: 'container of the primary killed, synchronous mode',
    goal: { p50: 1, p99: 3 },
    kind: 'synchronous',
    wanted: 100,
    ...killed,
  },
  {
    id: 'kill-quorum',
    title: 'the same, quorum mode',
    goal: { p50: 1, p99: 3 },
    kind: 'quorum',
    wanted: 100,
    ...killed,
  },
  {
    id: 'kill-quorum-again',
    title: 'the same, quorum mode, for the second time within ten minutes',
    goal: { p50: 1, p99: 3 },
    kind: 'quorum',
    wanted: 30,
    ...killedAgain,
  },
  {
    id: 'kill-asynchronous',
    title: 'the same, asynchronous: it may come back first',
    goal: { p50: 3, p99: 8 },
    kind: 'asynchronous',
    wanted: 100,
    ...killed,
  },
  {
    id: 'kill-asynchronous-again',
    title: 'the same, asynchronous, for the second time within ten minutes',
    goal: { p50: 3, p99: 8 },
    kind: 'asynchronous',
    wanted: 30,
    ...killedAgain,
  },
  {
    id: 'postmaster',
    title: 'PostgreSQL alone killed',
    goal: { p50: 2, p99: 5 },
    kind: 'synchronous',
    wanted: 100,
    client: 'direct',
    anyMoment: true,
    act: killPostmaster,
  },
  {
    id: 'delete',
    title: "primary's pod deleted gracefully",
    goal: { p50: 2, p99: 4 },
    kind: 'synchronous',
    wanted: 100,
    client: 'direct',
    act: async (cluster) => deletePod(cluster, await cluster.primary()),
  },
  nodeScene('node-stopped', 'gone', 'stop'),
  nodeScene('node-cut', 'cut off', 'cut'),
  {
    id: 'switchover',
    title: 'switchover, direct',
    goal: { p50: 1.5, p99: 4 },
    kind: 'synchronous',
    wanted: 100,
    client: 'direct',
    act: switchOver,
  },
  {
    id: 'switchover-pooler',
    title: 'switchover, through the pooler',
    goal: { p50: 1, p99: 3 },
    kind: 'pooled',
    wanted: 100,
    client: 'pooler',
    act: switchOver,
  },
  {
    id: 'rolling-update',
    title: 'rolling update of 3 pods under 200 clients through the pooler, longest wait',
    goal: { p99: 3 },
    kind: 'pooled',
    wanted: 15,
    client: 'pgbench',
    act: replaceAll,
  },
];
