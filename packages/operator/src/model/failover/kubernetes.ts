import {
  copyOf,
  names,
  nobody,
  noPod,
  notEnded,
  via,
  type Cluster,
  type Published,
  type Run,
} from './cluster.ts';
import { title } from './patroni.ts';

type Next = (what: string, cluster: Cluster) => void;

/** `finishedAt` and all other times of Kubernetes are cut to whole seconds. */
const wholeSecond = (time: number) => time - (((time % 2) + 2) % 2);

/** What happens to containers, pods and nodes, and when the API server gets to know of it. */
export function kubernetesSteps(cluster: Cluster, next: Next): void {
  const { left } = cluster;
  const change = (what: string, on: (after: Cluster) => void) => {
    const after = copyOf(cluster);
    on(after);
    if (after.prompt)
      for (const [name, pod] of after.pods.entries()) after.pods[name] = { ...pod, ...truthOf(after, name) };
    next(what, after);
  };
  if (left.ticks > 0)
    change('half a second passes', (after) => {
      after.now += 1;
      after.left.ticks -= 1;
    });
  if (left.jumps > 0)
    change('the clock of the node goes back by two seconds', (after) => {
      after.now -= 4;
      after.left.jumps -= 1;
    });
  const { leader } = cluster.record;
  const isAtRest =
    leader !== nobody && !cluster.processes.some(({ alive, name }) => alive && name === leader);
  if (left.jumpsAtRest > 0 && isAtRest)
    change('the clock of the node goes back by two seconds', (after) => {
      after.now -= 4;
      after.left.jumpsAtRest -= 1;
    });
  if (left.pauses > 0)
    change('somebody pauses Patroni', (after) => {
      after.paused = true;
      after.left.pauses -= 1;
    });
  cluster.processes.forEach((process, index) => {
    // A standby that dies does nothing that one which is held up does not do.
    const matters = process.postgres !== 'standby' || process.holds || cluster.record.leader === process.name;
    if (process.alive && !process.orphan && matters && left.kills > 0)
      change(`the container of ${title(process)} dies`, (after) => {
        end(after, index);
        after.left.kills -= 1;
      });
    if (process.alive && !process.orphan && process.postgres === 'primary' && left.orphans > 0)
      change(
        `the container of ${title(process)} dies, PostgreSQL goes on in the processes of the pod`,
        (after) => {
          const orphan = after.processes[index]!;
          orphan.orphan = true;
          orphan.runs = ended(orphan.runs, after.now);
          after.left.orphans -= 1;
        },
      );
    if (process.alive && !process.orphan && process.postgres === 'primary' && left.crashes > 0)
      change(`PostgreSQL of ${title(process)} dies, its container lives`, (after) => {
        Object.assign(after.processes[index]!, {
          postgres: 'down',
          crashed: true,
          holds: false,
          stale: via.nothing,
        });
        after.left.crashes -= 1;
      });
    startAndEnd(cluster, index, change);
  });
  cluster.pods.forEach((pod, name) => {
    tell(cluster, name, change);
    if (pod.uid === 1 && left.recreations > 0 && name === 0)
      change(`the pod ${names[name]} is deleted by force; its container is not asked`, (after) => {
        after.pods[name] = { ...noPod };
        after.left.recreations -= 1;
      });
    if (pod.uid === 0)
      change(`the pod ${names[name]} is made again`, (after) => {
        after.pods[name]!.uid = 2;
        after.pods[name]!.created = wholeSecond(after.now);
      });
    if (pod.uid !== 0 && !pod.sidecarEnded && left.sidecars > 0)
      change(`a sidecar of the pod ${names[name]} ends`, (after) => {
        after.pods[name]!.sidecarEnded = true;
        after.left.sidecars -= 1;
      });
    for (const writer of cluster.processes)
      if (
        writer.alive &&
        writer.name === name &&
        writer.postgres !== 'down' &&
        pod.uid !== 0 &&
        pod.address === 0
      )
        change(`${title(writer)} writes its address into the pod ${names[name]}`, (after) => {
          after.pods[name]!.address = writer.uid;
        });
  });
}

type Change = (what: string, on: (after: Cluster) => void) => void;

function end(cluster: Cluster, index: number): void {
  const process = cluster.processes[index]!;
  Object.assign(process, {
    alive: false,
    runs: ended(process.runs, cluster.now),
    orphan: false,
    postgres: 'down',
    crashed: false,
    won: false,
    wonVia: via.nothing,
    holds: false,
    follows: -1,
    confirmed: 0,
    standbys: 0,
    stale: via.nothing,
  });
}

const ended = ([run, ...before]: readonly Run[], now: number): Run[] =>
  run === undefined ? [] : [{ ...run, ended: wholeSecond(now) }, ...before];

function startAndEnd(cluster: Cluster, index: number, change: Change): void {
  const process = cluster.processes[index]!;
  const first = cluster.processes[process.name]!;
  // A volume is never in two places: the container of the former pod does not start while the new one has it.
  const isInUse = cluster.processes.some(
    (other) => other.alive && other.name === process.name && other.uid > process.uid,
  );
  const isThere = process.uid === 1 || cluster.pods[process.name]!.uid === process.uid;
  if (!process.alive && isThere && !isInUse && process.container < 2)
    change(
      `${names[process.name]} gets a new container${process.uid > 1 ? ' in its new pod' : ''}`,
      (after) => {
        const started = after.processes[index]!;
        started.container += 1;
        started.alive = true;
        const run = { container: started.container, started: wholeSecond(after.now), ended: notEnded };
        started.runs = [run, ...started.runs].slice(0, 2);
      },
    );
  if (process.alive && process.uid > 1 && first.alive)
    change(
      `the container of the new pod ${names[process.name]} ends: the name or the volume is in use`,
      (after) => end(after, index),
    );
}

/** What a kubelet knows of the container of a pod, if there is one. */
function truthOf(cluster: Cluster, name: number): { postgres?: Published } {
  const { uid } = cluster.pods[name]!;
  const process = cluster.processes.find((of) => of.name === name && of.uid === uid);
  if (process === undefined || process.container === 0) return {};
  const kind = process.alive && !process.orphan ? 'running' : 'terminated';
  return { postgres: { kind, runs: process.runs } };
}

/** The kubelet writes what is true now, as late as it likes, so that what came between is never told. */
function tell(cluster: Cluster, name: number, change: Change): void {
  const pod = cluster.pods[name]!;
  const { postgres } = truthOf(cluster, name);
  if (postgres === undefined) return;
  const { kind, runs } = postgres;
  const process = cluster.processes.find((of) => of.name === name && of.uid === pod.uid)!;
  if (pod.postgres.kind !== kind || pod.postgres.runs !== runs)
    change(`the API server shows the container of ${title(process)} as ${kind}`, (after) => {
      after.pods[name]!.postgres = postgres;
    });
  if (cluster.left.lost > 0 && process.alive)
    change(`Kubernetes loses track of the container of ${title(process)}`, (after) => {
      after.pods[name]!.postgres = { kind: 'unknown', runs: ended(runs, cluster.now) };
      after.left.lost -= 1;
    });
}
