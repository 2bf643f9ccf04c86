import type { PostgresqlStatus } from '@pgherd/api';
import { elapsedMs, type Clock, type KubeObject } from '@pgherd/kube/objects';
import { lagOf, parseLeader, parseMember, patroniObjectNames } from '@pgherd/patroni';
import { reportedLag } from '../status/lag.ts';

/** Where the watched objects are. */
export interface LagWatchOptions {
  /** `namespace/name` of the cluster that an object belongs to; undefined for none. */
  clusterOf: (object: KubeObject) => string | undefined;
  podsOf: (cluster: string) => KubeObject[];
  /** Patroni's leader object by its name, whatever kind it is. */
  leaderObject: (cluster: string, name: string) => KubeObject | undefined;
  status: (cluster: string) => PostgresqlStatus;
  clock: Clock;
}

/** The lag alone starts a pass for a cluster at most so often, and once more when it is over. */
const wakeAgainMs = 60_000;
/** A member that has told no position for so long after the primary's moved on stands still: `loop_wait` is 10 s. */
const stoodStillMs = 30_000;

/**
 * Measures how far replicas are behind, from Patroni's heartbeats alone and without a request.
 *
 * Positions are written every ten seconds, by each member at its own time, so that their difference says little on a
 * busy primary. Therefore a replica is compared with the primary at the moment when it tells its own position, and with
 * later positions of the primary only when it has stood still.
 */
export class LagWatch {
  readonly #options: LagWatchOptions;
  /** By `namespace/pod`. */
  readonly #lags = new Map<string, number>();
  /** Since when the primary is ahead of a pod that has told nothing since. */
  readonly #aheadSince = new Map<string, number>();
  readonly #wokenAt = new Map<string, number>();

  constructor(options: LagWatchOptions) {
    this.#options = options;
  }

  /** Bytes that a pod was behind when it was measured last; undefined when it was not. */
  lagOf(namespace: string, pod: string): number | undefined {
    return this.#lags.get(`${namespace}/${pod}`);
  }

  /** A pod has changed. Answers whether its cluster's status tells something else of its lag. */
  podChanged(old: KubeObject | undefined, current: KubeObject | undefined): boolean {
    if (current === undefined) {
      if (old !== undefined) this.#forget(keyOf(old));
      return false;
    }
    if (old !== undefined && locationOf(old) === locationOf(current)) return false;
    this.#aheadSince.delete(keyOf(current));
    const cluster = this.#options.clusterOf(current);
    return cluster !== undefined && this.#measure(cluster, [current]);
  }

  /** An object of Patroni's has changed. Answers as `podChanged`. */
  leaderChanged(current: KubeObject | undefined): boolean {
    const cluster = current === undefined ? undefined : this.#options.clusterOf(current);
    if (cluster === undefined || !leaderNames(cluster).includes(current?.metadata.name ?? '')) return false;
    const { optime = 0 } = parseLeader(current?.metadata.annotations);
    const still = this.#options.podsOf(cluster).filter((pod) => this.#standsStill(pod, optime));
    return this.#measure(cluster, still);
  }

  #standsStill(pod: KubeObject, leaderLocation: number): boolean {
    if (leaderLocation <= (locationOf(pod) ?? Infinity)) return false;
    const now = this.#options.clock.now();
    const since = this.#aheadSince.get(keyOf(pod)) ?? now;
    this.#aheadSince.set(keyOf(pod), since);
    return now - since >= stoodStillMs;
  }

  #measure(cluster: string, pods: KubeObject[]): boolean {
    if (pods.length === 0) return false;
    const { leaderObject, status, clock } = this.#options;
    const states = leaderNames(cluster).map((name) =>
      parseLeader(leaderObject(cluster, name)?.metadata.annotations),
    );
    const state = states.find(({ leader }) => leader !== undefined);
    if (state === undefined) return false;
    const told = status(cluster).members ?? [];
    let [isNews, isOver] = [false, false];
    for (const pod of pods) {
      const name = pod.metadata.name ?? '';
      const lag = name === state.leader ? undefined : lagOf(state.optime, locationOf(pod));
      if (lag === undefined) {
        this.#lags.delete(keyOf(pod));
        continue;
      }
      this.#lags.set(keyOf(pod), lag);
      const before = told.find((member) => member.name === name)?.lagBytes ?? 0;
      const after = reportedLag(before, lag);
      isNews ||= after !== before;
      isOver ||= after === 0 && before > 0;
    }
    if (isOver) return true;
    const now = clock.now();
    if (!isNews || elapsedMs(this.#wokenAt.get(cluster) ?? -Infinity, now) < wakeAgainMs) return false;
    this.#wokenAt.set(cluster, now);
    return true;
  }

  #forget(key: string): void {
    this.#lags.delete(key);
    this.#aheadSince.delete(key);
  }
}

function leaderNames(cluster: string): string[] {
  const name = cluster.split('/')[1] ?? '';
  return [patroniObjectNames(name, 'endpoints').leader, patroniObjectNames(name, 'configmaps').leader];
}

function keyOf({ metadata }: KubeObject): string {
  return `${metadata.namespace ?? ''}/${metadata.name ?? ''}`;
}

function locationOf({ metadata }: KubeObject): number | undefined {
  return parseMember(metadata.name ?? '', metadata.annotations?.['status']).xlogLocation;
}
