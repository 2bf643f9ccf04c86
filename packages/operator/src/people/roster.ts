import { createHash } from 'node:crypto';
import { sleep } from '@pgherd/kube/client';
import { elapsedMs, type Clock, type Logger } from '@pgherd/kube/objects';
import { TeamsError, type Membership, type TeamsClient, type TeamsFailure } from '@pgherd/teams';
import type { Configuration } from '@pgherd/api';
import type { KnownTeam } from './cluster-people.ts';
import type { Token } from './token.ts';

/** How a question to the Teams API ended, for the metrics. */
export type TeamsOutcome = 'answered' | 'no_such_team' | 'no_token' | TeamsFailure;

/** What a roster works with. */
export interface RosterOptions {
  /** The client for the Teams API at a URL. */
  client: (url: string) => TeamsClient;
  clock: Clock;
  log: Logger;
  /** Told of each question. */
  onQuestion: (outcome: TeamsOutcome) => void;
}

/** What keeps a roster up to date; other watches may take it over. */
export interface RosterDuties {
  configuration: () => Pick<Configuration, 'teams_api_url' | 'resync_period'>;
  /** The teams that anybody wants to know of now. */
  wanted: () => ReadonlySet<string>;
  /** Whether these are all of them, so that others can be forgotten. */
  isComplete: () => boolean;
  token: () => Token;
  /** Called when something else is known than before. */
  changed: () => void;
}

/** What is remembered of a team. */
interface Entry extends KnownTeam {
  /** By our clock. */
  askedAt: number;
  /** Where it was asked, and with which token, by version. */
  url: string;
  token: string;
  /** Questions in a row without an answer. */
  failures: number;
}

const firstRetryMs = 5_000;
const longestRetryMs = 5 * 60_000;
/** Questions under way at once. */
const together = 4;
/** A changed period is taken within this time. */
const longestSleepMs = 5_000;

/**
 * Who is in which team, by the Teams API: asked once in `resync_period` for each team that is wanted, not at each pass.
 * What was answered last holds until there is another answer.
 */
export class Roster {
  readonly #options: RosterOptions;
  readonly #teams = new Map<string, Entry>();
  /** Where a team was known. */
  #knowing: string | undefined;
  #wake: () => void = () => {};

  constructor(options: RosterOptions) {
    this.#options = options;
  }

  /** Undefined: the team has not been asked for yet. */
  team(name: string): KnownTeam | undefined {
    const entry = this.#teams.get(name);
    if (entry?.membership?.exists !== false || this.#knowing === entry.url) return entry;
    return { ...entry, isDoubtful: true };
  }

  /** Looks again at what is wanted and what can be asked, because that may have changed. */
  wake(): void {
    this.#wake();
  }

  /** Asks until the signal aborts; never rejects. */
  async run(duties: RosterDuties, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const { promise: woken, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      const wanted = duties.wanted();
      if (duties.isComplete()) this.#forgetAllBut(wanted);
      const due = [...wanted].filter((name) => this.#waitMs(name, duties) <= 0).slice(0, together);
      if (due.length > 0) {
        const news = await Promise.all(due.map((name) => this.#ask(name, duties)));
        if (news.includes(true)) duties.changed();
        continue;
      }
      const waits = [...wanted].map((name) => this.#waitMs(name, duties));
      const rest = new AbortController();
      const waiting = sleep(
        Math.max(1, Math.min(longestSleepMs, ...waits)),
        AbortSignal.any([signal, rest.signal]),
        this.#options.clock,
      );
      await Promise.race([waiting.catch(() => {}), woken]);
      rest.abort();
    }
  }

  #forgetAllBut(wanted: ReadonlySet<string>): void {
    for (const name of this.#teams.keys()) if (!wanted.has(name)) this.#teams.delete(name);
  }

  /** How long until a team is asked for again; 0 or less: now. */
  #waitMs(name: string, { configuration, token }: RosterDuties): number {
    const entry = this.#teams.get(name);
    const { teams_api_url: url, resync_period: period } = configuration();
    if (entry === undefined || entry.url !== url) return 0;
    if (entry.failure !== undefined && entry.token !== token().version) return 0;
    if (entry.failure === undefined && period <= 0) return Infinity;
    const pause = entry.failure === undefined ? spread(name, period) : retryAfter(entry.failures);
    return pause - elapsedMs(entry.askedAt, this.#options.clock.now());
  }

  /** Answers whether something else is known now. */
  async #ask(name: string, { configuration, token: currentToken }: RosterDuties): Promise<boolean> {
    const { log, clock, onQuestion } = this.#options;
    const { teams_api_url: url } = configuration();
    const before = this.#teams.get(name);
    const token = currentToken();
    const asked = { askedAt: clock.now(), url, token: token.version };
    try {
      const membership = await this.#question(name, url, token);
      onQuestion(membership.exists ? 'answered' : 'no_such_team');
      if (membership.exists) this.#knowing = url;
      this.#teams.set(name, { ...asked, membership, failure: undefined, failures: 0 });
      return before?.failure !== undefined || !isSame(before?.membership, membership);
    } catch (error) {
      const failure = error instanceof Error ? error.message : String(error);
      onQuestion(error instanceof TeamsError ? error.failure : 'no_token');
      if (before?.failure !== failure)
        log.warn({ team: name }, `who is in team ${name} is not known: ${failure}`);
      const failures = (before?.failures ?? 0) + 1;
      this.#teams.set(name, { ...asked, membership: before?.membership, failure, failures });
      return before?.failure !== failure;
    }
  }

  async #question(name: string, url: string, { value, problem }: Token): Promise<Membership> {
    if (value === undefined) throw new Error(problem);
    return this.#options.client(url).membership(name, value);
  }
}

/** Teams that were asked for together are asked for one by one later on. */
function spread(name: string, period: number): number {
  const hash = createHash('sha256').update(name).digest().readUInt16BE();
  return period * (0.75 + (0.25 * hash) / 0xffff);
}

function retryAfter(failures: number): number {
  return Math.min(firstRetryMs * 2 ** Math.min(failures - 1, 10), longestRetryMs);
}

function isSame(one: Membership | undefined, other: Membership): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
