import { spawnSync } from 'node:child_process';
import type { Pod } from '@pgherd/kube/objects';
import { findBackground } from '../support/background.ts';
import { postmasterBelow, processesBelow, type ProcessEntry } from '../support/container-processes.ts';
import type { LocalCluster } from '../support/local-cluster.ts';

/** What faults act on: one cluster on one instance, with the powers of the machine's root. */
export class World {
  readonly local: LocalCluster;
  readonly cluster: string;

  constructor(local: LocalCluster, cluster: string) {
    this.local = local;
    this.cluster = cluster;
  }

  async primary(): Promise<Pod> {
    return this.local.primary(this.cluster);
  }

  /** Members that are not primary, running ones first. */
  async replicas(): Promise<Pod[]> {
    const primary = await this.primary();
    const all = await this.local.pods(this.cluster);
    return all
      .filter((pod) => pod.metadata?.uid !== primary.metadata?.uid)
      .toSorted((a, b) => Number(isRunning(b)) - Number(isRunning(a)));
  }

  /** Processes of a member's database container, the first one first. */
  async processes(pod: Pod): Promise<ProcessEntry[]> {
    return processesBelow(await this.local.containerProcess(pod));
  }

  /** The postmaster of a member. */
  async postmaster(pod: Pod): Promise<number> {
    return postmasterBelow(await this.local.containerProcess(pod));
  }

  /** Processes of Patroni itself. */
  async patroni(pod: Pod): Promise<number[]> {
    const found = (await this.processes(pod)).filter(({ name }) => name.startsWith('patroni'));
    if (found.length === 0) throw new Error(`${pod.metadata?.name} has no Patroni`);
    return found.map(({ pid }) => pid);
  }

  /** The instance's own process, or the operator's. */
  background(name: 'server' | 'operator'): number {
    const found = findBackground(this.local.home, name);
    if (found === undefined) throw new Error(`no ${name} runs`);
    return found.pid;
  }

  /** Gives nftables these rules in the network namespace of a process. */
  rules(pid: number, script: string): void {
    const { status, stderr } = spawnSync('nsenter', ['-t', String(pid), '-n', 'nft', '-f', '-'], {
      input: script,
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`nft: ${stderr}`);
  }
}

/** Sends a signal to those that still live. */
export function signal(pids: readonly number[], name: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, name);
    } catch {
      // It has ended meanwhile.
    }
  }
}

export function nameOf(pod: Pod): string {
  return pod.metadata?.name ?? '';
}

function isRunning(pod: Pod): boolean {
  return pod.status?.phase === 'Running' && pod.metadata?.deletionTimestamp === undefined;
}
