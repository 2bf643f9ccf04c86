import { elapsedMs, type Clock } from '@pgherd/kube/objects';
import type { PatroniClient } from '@pgherd/patroni';
import { withLongCopies } from '../observe/copy-watch.ts';
import { processOf, withLeaderAnswer, type LeaderAnswer } from '../observe/leader-answer.ts';
import { believeConfirmed, withoutOutdated, type AnnotationMemory } from '../observe/outdated-annotation.ts';
import { isStreaming, leaderOf, type Member, type Observed } from '../observe/observed.ts';
import { noteRestarts, withRestarts, type RestartMemory } from '../observe/restart-watch.ts';
import { withSettling, type SidecarMemory } from '../observe/sidecar-watch.ts';
import type { Step } from '../plan/step.ts';

/** What is remembered of asking the leader, while members are waited for. */
export interface InquiryMemory {
  answer: LeaderAnswer | undefined;
  /** Since when members are waited for, by our clock; undefined while none is. */
  since: number | undefined;
  /** When Patroni of which process was last woken, and for whom. */
  woken: Map<string, number>;
  annotations: AnnotationMemory;
  /** Until when every member is woken at each look, by our clock. */
  newsUntil: number;
  /** What is awaited is that every member says that it must restart for these parameters; undefined: no restarts. */
  restartsExpected: readonly string[] | undefined;
  restarts: RestartMemory;
  /** Somebody was restarted and has not published anything since. */
  isUnheard: boolean;
  sidecars: SidecarMemory;
}

/** For a fresh memory. */
export function newInquiryMemory(): InquiryMemory {
  return {
    answer: undefined,
    since: undefined,
    woken: new Map(),
    annotations: { authors: new Map(), found: new Map() },
    newsUntil: 0,
    restartsExpected: undefined,
    restarts: new Map(),
    isUnheard: false,
    sidecars: new Map(),
  };
}

/** Many events come at once; they share an answer. */
const sharedForMs = 200;
/** Asked often for so long; whoever takes longer has to do with time, or is broken. */
const impatientForMs = 60_000;
const impatientMs = 400;
const patientMs = 5_000;
/**
 * After a change of Patroni's configuration: one loop takes it in, the next publishes whether a restart is needed, and
 * members that do not lead would sleep for up to `loop_wait` before each.
 */
const newsForMs = 4_000;
/** The same when a restart must follow: it is told of as soon as all have said so, and in the end given up. */
const restartsForMs = 30_000;
const newsMs = 1_000;
/** Between two wake-ups for the same member. */
const wakeAgainMs = 3_000;

/**
 * Asks the leader's Patroni who streams, while members are waited for, and only then: an idle cluster is not asked.
 * It also wakes Patroni's loop where that sleeps over what is waited for, for up to `loop_wait` (10 s): the leader's,
 * so that it makes the replication slot of a new member, and a member's, so that it publishes that it streams.
 */
export class Inquiry {
  readonly #patroni: (address: string) => PatroniClient;
  readonly #clock: Clock;

  /** `patroni` gives clients that do not wait long for an answer. */
  constructor(patroni: (address: string) => PatroniClient, clock: Clock) {
    this.#patroni = patroni;
    this.#clock = clock;
  }

  /** The world as the leader knows it; never fails: without an answer it is what members published. */
  async ask(observedInCaches: Observed, memory: InquiryMemory): Promise<Observed> {
    const now = this.#clock.now();
    const said = withoutOutdated(observedInCaches, memory.annotations);
    const settled = withLongCopies(withSettling(said, memory.sidecars, now), now);
    const heard = withRestarts(settled, memory.restarts, now);
    const unheard = heard.members.filter(({ restartUnheard }) => restartUnheard === true);
    memory.isUnheard = unheard.length > 0;
    await this.#wakeAll(unheard);
    if (memory.restartsExpected !== undefined && allMustRestart(heard, memory.restartsExpected))
      forgetNews(memory);
    const newsLeftMs = memory.newsUntil - now;
    // A longer time left is that of a clock that was set back.
    const newsExpected = newsLeftMs > 0 && newsLeftMs <= restartsForMs;
    if (newsExpected) await this.#wakeAll(observedInCaches.members);
    else forgetNews(memory);
    const published = { ...heard, newsExpected, restartsExpected: memory.restartsExpected };
    const leader = leaderOf(published);
    const awaited = published.members.filter((member) => member.running && !isStreaming(published, member));
    if (awaited.length === 0) memory.since = undefined;
    else memory.since ??= now;
    if (awaited.length === 0 || leader?.address === undefined || !leader.running) {
      memory.answer = undefined;
      memory.woken.clear();
      return published;
    }
    await this.#askLeader(leader, leader.address, memory);
    const observed = withLeaderAnswer(published, memory.answer);
    believeConfirmed(observed, memory.annotations);
    await this.#wake(observed, awaited, memory);
    return observed;
  }

  /** When to ask again, in milliseconds; undefined when nobody is waited for. */
  next(memory: InquiryMemory): number | undefined {
    if (memory.since === undefined) return memory.newsUntil > 0 || memory.isUnheard ? newsMs : undefined;
    return elapsedMs(memory.since, this.#clock.now()) < impatientForMs ? impatientMs : patientMs;
  }

  /**
   * What a pass carried out of what was planned: after a change of Patroni's configuration news is expected, and restarts
   * are remembered.
   */
  noteSteps(
    memory: InquiryMemory,
    done: readonly Step[],
    observed: Observed,
    planned: readonly Step[],
  ): void {
    const restarts = planned.filter(({ action }) => action.type === 'restart');
    const names = restarts.flatMap(({ takesIn = [] }) => takesIn);
    if (done.some(({ disturbs }) => disturbs === 'reload'))
      this.expectNews(memory, restarts.length > 0 ? names : undefined);
    noteRestarts(memory.restarts, done, observed, this.#clock.now());
  }

  /**
   * Patroni's configuration was changed: what members have to say about that is wanted soon. `restarts`: parameters that
   * need one, as far as is known, beside those that are awaited still; undefined: none does.
   */
  expectNews(memory: InquiryMemory, restarts: readonly string[] | undefined): void {
    const { restartsExpected: earlier } = memory;
    if (restarts !== undefined || earlier !== undefined)
      memory.restartsExpected = [...new Set([...(earlier ?? []), ...(restarts ?? [])])];
    const forMs = memory.restartsExpected === undefined ? newsForMs : restartsForMs;
    memory.newsUntil = this.#clock.now() + forMs;
  }

  async #wakeAll(members: Member[]): Promise<void> {
    const addresses = members.flatMap(({ running, address }) =>
      running && address !== undefined ? [address] : [],
    );
    await Promise.all(addresses.map((address) => this.#patroni(address).wakeUp()));
  }

  async #askLeader(leader: Member, address: string, memory: InquiryMemory): Promise<void> {
    const process = processOf(leader.pod);
    const now = this.#clock.now();
    if (memory.answer?.process === process && elapsedMs(memory.answer.askedAt, now) < sharedForMs) return;
    memory.answer = undefined;
    try {
      memory.answer = { process, askedAt: now, view: await this.#patroni(address).patroni() };
    } catch {
      // Just starting, or on its way out: it is asked again soon.
    }
  }

  async #wake(observed: Observed, awaited: Member[], memory: InquiryMemory): Promise<void> {
    const leader = leaderOf(observed);
    if (leader === undefined || !isStreaming(observed, leader)) return;
    const now = this.#clock.now();
    if (memory.since === undefined || elapsedMs(memory.since, now) > impatientForMs) return;
    const sleepers = new Set<string>();
    for (const { name } of awaited) {
      const member = observed.members.find((each) => each.name === name);
      // Patroni of a member that has not published anything does not know it yet.
      if (member === undefined || member === leader || member.state === undefined) continue;
      const sleeper = isStreaming(observed, member) ? member : leader;
      const key = `${processOf(member.pod)} ${sleeper.name}`;
      if (elapsedMs(memory.woken.get(key) ?? -Infinity, now) < wakeAgainMs || sleeper.address === undefined)
        continue;
      memory.woken.set(key, now);
      sleepers.add(sleeper.address);
    }
    await Promise.all([...sleepers].map((address) => this.#patroni(address).wakeUp()));
  }
}

/**
 * Whether every member says that it must restart for all of `parameters`: parameters that come by different ways arrive at
 * different times, and the order of restarts depends on all of them. Patroni before 4.0 does not name them.
 */
function allMustRestart({ members }: Observed, parameters: readonly string[]): boolean {
  const running = members.filter((member) => member.running);
  return running.length > 0 && running.every((member) => mustRestart(member, parameters));
}

function mustRestart({ pendingRestart, pendingChanges }: Member, parameters: readonly string[]): boolean {
  if (!pendingRestart || pendingChanges.length === 0) return pendingRestart;
  const names = new Set(pendingChanges.map(({ name }) => name));
  return parameters.every((name) => names.has(name));
}

function forgetNews(memory: InquiryMemory): void {
  memory.newsUntil = 0;
  memory.restartsExpected = undefined;
}
