import type { Pod, StatefulSet } from '@pgherd/kube/objects';
import { REVISION_LABEL, ordinalOf, replicasOf, startOrdinal } from './identity.ts';
import { availableIn, isFinished, isHealthy, isReady, isTerminating } from './pod-state.ts';

/** What is, as the decision needs it. */
export interface Observed {
  set: StatefulSet;
  /** The pods that belong to the set, in any order. */
  pods: Pod[];
  /** Name of the revision that the pods come from, as far as an update has not reached them. */
  currentRevision: string;
  /** Name of the revision of the set's template. */
  updateRevision: string;
  /** Milliseconds since 1970. */
  now: number;
}

/** One step towards what should be. */
export type Action =
  | { kind: 'create'; ordinal: number; revision: string }
  /** Claims of a pod that waits for them, and its labels. */
  | { kind: 'repair'; pod: Pod; ordinal: number }
  | { kind: 'delete'; pod: Pod; why: 'finished' | 'scaledDown' | 'outdated' };

/** What to do now; more may follow when these have had their effect. */
export interface Plan {
  actions: Action[];
  /** Look again after so many milliseconds: a pod becomes available by mere time. */
  recheckMs?: number;
}

/**
 * The rules of https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/: deployment and scaling
 * guarantees, update strategies, pod management policies.
 */
export function planStatefulSet(observed: Observed): Plan {
  const { set } = observed;
  // The garbage collector sees to the pods of a set that is being deleted.
  if (set.metadata.deletionTimestamp !== undefined) return { actions: [] };
  const steps = new Steps(observed);
  if (steps.fillOrdinals() && steps.removeCondemned()) steps.updateOutdated();
  return { actions: steps.actions, ...(steps.recheckMs === undefined ? {} : { recheckMs: steps.recheckMs }) };
}

/** The revision that a new pod of this ordinal comes from: below the partition the old one. */
export function revisionFor({ set, currentRevision, updateRevision }: Observed, ordinal: number): string {
  const strategy = set.spec?.updateStrategy;
  if (strategy?.type === 'OnDelete') return updateRevision;
  const partition = strategy?.rollingUpdate?.partition ?? 0;
  return ordinal < startOrdinal(set) + partition ? currentRevision : updateRevision;
}

class Steps {
  readonly actions: Action[] = [];
  recheckMs: number | undefined;
  readonly #observed: Observed;
  readonly #ordered: boolean;
  readonly #start: number;
  readonly #end: number;
  readonly #byOrdinal = new Map<number, Pod>();

  constructor(observed: Observed) {
    const { set, pods } = observed;
    this.#observed = observed;
    this.#ordered = set.spec?.podManagementPolicy !== 'Parallel';
    this.#start = startOrdinal(set);
    this.#end = this.#start + replicasOf(set);
    for (const pod of pods) {
      const ordinal = ordinalOf(set, pod);
      if (ordinal !== undefined) this.#byOrdinal.set(ordinal, pod);
    }
  }

  /** Each ordinal has its pod; in order, one has to be available before the next is made. True: go on. */
  fillOrdinals(): boolean {
    for (let ordinal = this.#start; ordinal < this.#end; ordinal++) {
      if (!this.#processReplica(ordinal)) return false;
    }
    return true;
  }

  #processReplica(ordinal: number): boolean {
    const pod = this.#byOrdinal.get(ordinal);
    if (!pod) {
      this.actions.push({ kind: 'create', ordinal, revision: revisionFor(this.#observed, ordinal) });
      return !this.#ordered;
    }
    if (isFinished(pod)) {
      if (!isTerminating(pod)) this.actions.push({ kind: 'delete', pod, why: 'finished' });
      return !this.#ordered;
    }
    if (!isTerminating(pod)) this.actions.push({ kind: 'repair', pod, ordinal });
    return !this.#ordered || (isHealthy(pod) && this.#isAvailable(pod));
  }

  /** Pods outside of the wanted ordinals go, the highest first; in order, one at a time and only when all are well. */
  removeCondemned(): boolean {
    const condemned = [...this.#byOrdinal.keys()]
      .filter((ordinal) => ordinal < this.#start || ordinal >= this.#end)
      .sort((a, b) => b - a);
    const firstUnhealthy = condemned.toReversed().find((ordinal) => !this.#healthyAt(ordinal));
    for (const ordinal of condemned) {
      const pod = this.#byOrdinal.get(ordinal);
      if (!pod) continue;
      if (isTerminating(pod)) {
        if (this.#ordered) return false;
        continue;
      }
      if (this.#ordered && ordinal !== firstUnhealthy && !(isReady(pod) && this.#isAvailable(pod)))
        return false;
      this.actions.push({ kind: 'delete', pod, why: 'scaledDown' });
      if (this.#ordered) return false;
    }
    return true;
  }

  /** RollingUpdate: from the highest ordinal down to the partition, one at a time, each available before the next. */
  updateOutdated(): void {
    const { set, updateRevision } = this.#observed;
    if (set.spec?.updateStrategy?.type === 'OnDelete') return;
    const partition = set.spec?.updateStrategy?.rollingUpdate?.partition ?? 0;
    for (let ordinal = this.#end - 1; ordinal >= this.#start + partition; ordinal--) {
      const pod = this.#byOrdinal.get(ordinal);
      // Made in this very pass, or finished: not well, so the others have to wait.
      if (!pod || isFinished(pod)) return;
      if (pod.metadata.labels?.[REVISION_LABEL] !== updateRevision && !isTerminating(pod)) {
        this.actions.push({ kind: 'delete', pod, why: 'outdated' });
        return;
      }
      if (!isHealthy(pod) || !this.#isAvailable(pod)) return;
    }
  }

  #healthyAt(ordinal: number): boolean {
    const pod = this.#byOrdinal.get(ordinal);
    return pod !== undefined && isHealthy(pod);
  }

  #isAvailable(pod: Pod): boolean {
    const ms = availableIn(pod, this.#observed.set.spec?.minReadySeconds ?? 0, this.#observed.now);
    if (ms === undefined) return false;
    if (ms > 0) this.recheckMs = Math.min(this.recheckMs ?? ms, ms);
    return ms === 0;
  }
}
