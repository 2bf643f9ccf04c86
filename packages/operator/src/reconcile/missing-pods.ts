import type { Client } from '@pgherd/kube/client';
import { elapsedMs, events, type Clock, type Event, type StatefulSet } from '@pgherd/kube/objects';
import { explainRefusal } from '../execute/explain.ts';
import { kinds } from '../kinds.ts';
import { find, type Observed } from '../observe/observed.ts';
import type { Trouble } from '../status/trouble.ts';

/** What is remembered of pods that their controller does not make. */
export interface MissingPodsMemory {
  /** Since when there are too few pods, by our clock. */
  since: number;
  askedAt: number;
  trouble: Trouble | undefined;
}

/** A controller that works makes a pod within moments. */
const patienceMs = 10_000;
const askAgainMs = 30_000;
/** The controller tries again after up to a thousand seconds. */
const retryMs = 1_000_000;

/**
 * Why the StatefulSet's controller makes no pods: a quota, a rule of admission. Only Kubernetes' events tell, so that
 * they are read, and only when pods have been missing for a while.
 */
export class MissingPods {
  readonly #client: Pick<Client, 'list'>;
  readonly #clock: Clock;

  constructor(client: Pick<Client, 'list'>, clock: Clock) {
    this.#client = client;
    this.#clock = clock;
  }

  /** Answers what is to be remembered: undefined while no pod is missing. Never fails: then nothing is known. */
  async look(
    observed: Observed,
    memory: MissingPodsMemory | undefined,
  ): Promise<MissingPodsMemory | undefined> {
    const now = this.#clock.now();
    const set = find(observed, kinds.statefulSet, observed.name) as StatefulSet | undefined;
    const wanted = set?.spec?.replicas ?? 0;
    if (observed.members.length >= wanted || !isTurn(observed, set)) return undefined;
    const known = memory ?? { since: now, askedAt: -Infinity, trouble: undefined };
    if (elapsedMs(known.since, now) < patienceMs || elapsedMs(known.askedAt, now) < askAgainMs) return known;
    const trouble = await this.#ask(observed, set, known.since);
    return { ...known, askedAt: now, trouble };
  }

  /** When to look again, in milliseconds; undefined when nothing is missing. */
  next(memory: MissingPodsMemory | undefined): number | undefined {
    return memory === undefined ? undefined : patienceMs;
  }

  async #ask(
    { namespace, name }: Observed,
    set: StatefulSet | undefined,
    since: number,
  ): Promise<Trouble | undefined> {
    try {
      const fieldSelector = `involvedObject.kind=StatefulSet,involvedObject.name=${name},reason=FailedCreate`;
      const { items } = await this.#client.list(events, { namespace, fieldSelector });
      const [latest] = items
        .filter(({ involvedObject }) => involvedObject.uid === set?.metadata.uid)
        // What was over before is not what is wrong now.
        .filter((event) => timeOf(event) >= since - retryMs)
        .sort((a, b) => timeOf(b) - timeOf(a));
      if (latest === undefined) return undefined;
      const { reason, message } = explainRefusal(latest.message ?? '');
      return { reason, message: `Kubernetes does not make the pods: ${message}` };
    } catch {
      // Without the right to read events, or without an answer.
      return undefined;
    }
  }
}

/** Whether the controller should make a pod now: one after the other, it waits until those that exist are ready. */
function isTurn({ members }: Observed, set: StatefulSet | undefined): boolean {
  if (set?.spec?.podManagementPolicy === 'Parallel') return true;
  const containers = members.flatMap(({ pod }) => pod.status?.containerStatuses ?? [undefined]);
  return containers.every((container) => container?.ready === true);
}

function timeOf({ lastTimestamp, eventTime, metadata }: Event): number {
  return Date.parse(lastTimestamp ?? eventTime ?? metadata.creationTimestamp ?? '') || 0;
}
