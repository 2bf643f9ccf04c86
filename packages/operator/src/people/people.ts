import { createHash } from 'node:crypto';
import type { Configuration, Postgresql } from '@pgherd/api';
import { sleep } from '@pgherd/kube/client';
import type { Clock } from '@pgherd/kube/objects';
import { aborted } from '@pgherd/kube/runtime';
import { looksForPeople, peopleOf, teamsOf, type ClusterPeople, type KnownTeam } from './cluster-people.ts';
import type { RosterDuties } from './roster.ts';
import type { TeamMap } from './team-map.ts';
import { asksTeamsApi } from './teams-api.ts';
import type { Token } from './token.ts';

/** What people are known from. */
export interface PeopleOptions {
  configuration: () => Configuration;
  /** The manifests of this operator's clusters. */
  manifests: () => Postgresql[];
  /** Whether these are all of them, because everything that is watched has been listed. */
  isComplete: () => boolean;
  /** Starts a pass over a cluster, `namespace/name`. */
  enqueue: (key: string) => void;
  watched: {
    teams(): TeamMap | undefined;
    token(): Token;
    onChange(changed: () => void): () => void;
  };
  roster: {
    team(name: string): KnownTeam | undefined;
    wake(): void;
    run(duties: RosterDuties, signal: AbortSignal): Promise<void>;
  };
  clock: Clock;
}

/** Objects that cannot be read by then are told of: it may be the definition or a right that is missing. */
const patienceMs = 30_000;

/** Who may log in to which cluster, and whom a change concerns. */
export class People {
  readonly #options: PeopleOptions;
  /** What a pass was told last, hashed, by cluster. */
  readonly #told = new Map<string, string>();
  #isComparing = false;
  #isLate = false;
  #hasEnded = false;

  constructor(options: PeopleOptions) {
    this.#options = options;
  }

  /** For a pass over the manifest's cluster. Makes no request: what is not known is asked for, and another pass follows. */
  of(manifest: Postgresql): ClusterPeople {
    const people = this.#peopleOf(manifest);
    const [key, current] = [keyOf(manifest), fingerprintOf(people)];
    const told = this.#told.get(key);
    // The comparison that is to come would not see that a pass began with something else.
    if (this.#isComparing && told !== undefined && told !== current) this.#options.enqueue(key);
    this.#told.set(key, current);
    if (people.unknownTeams.length > 0) this.#options.roster.wake();
    return people;
  }

  /** Keeps it up to date until the signal aborts; never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { watched, roster, configuration, isComplete } = this.#options;
    const stop = watched.onChange(() => {
      roster.wake();
      this.#changed();
    });
    const duties: RosterDuties = {
      configuration,
      wanted: () => this.#wanted(),
      isComplete: () => isComplete() && watched.teams() !== undefined,
      token: () => watched.token(),
      changed: () => this.#changed(),
    };
    await Promise.all([roster.run(duties, signal), this.#becomeImpatient(signal), aborted(signal)]);
    stop();
    this.#hasEnded = true;
  }

  async #becomeImpatient(signal: AbortSignal): Promise<void> {
    await sleep(patienceMs, signal, this.#options.clock).catch(() => {});
    this.#isLate = true;
    this.#changed();
  }

  /** Teams of clusters of our own, and no others. */
  #wanted(): Set<string> {
    const { configuration, manifests, watched } = this.#options;
    const settings = configuration();
    const map = settings.enable_postgres_team_crd ? watched.teams() : new Map();
    if (!looksForPeople(settings) || !asksTeamsApi(settings) || map === undefined) return new Set();
    const owning = new Set(manifests().map(teamIdOf));
    const all = [...owning].flatMap((team) => teamsOf(team, settings, map));
    return new Set(all.map(({ name }) => name));
  }

  /** Many changes come at once, and are looked at once. */
  #changed(): void {
    if (this.#isComparing) return;
    this.#isComparing = true;
    setImmediate(() => {
      this.#isComparing = false;
      if (!this.#hasEnded) this.#compare();
    });
  }

  /** Passes for those clusters only that it makes a difference for. */
  #compare(): void {
    const manifests = this.#options.manifests();
    const keys = new Set(manifests.map(keyOf));
    for (const key of this.#told.keys()) if (!keys.has(key)) this.#told.delete(key);
    for (const manifest of manifests) {
      const key = keyOf(manifest);
      const told = this.#told.get(key);
      if (told !== undefined && told !== fingerprintOf(this.#peopleOf(manifest))) this.#options.enqueue(key);
    }
  }

  #peopleOf(manifest: Postgresql): ClusterPeople {
    const { configuration, watched, roster } = this.#options;
    return peopleOf(teamIdOf(manifest), {
      configuration: configuration(),
      postgresTeams: watched.teams(),
      teamsApi: (team) => roster.team(team),
      isLate: this.#isLate,
    });
  }
}

/** A manifest may be there that no schema has looked at. */
function teamIdOf({ spec }: Postgresql): string {
  const team: unknown = (spec as Postgresql['spec'] | undefined)?.teamId;
  return typeof team === 'string' ? team : '';
}

function keyOf({ metadata }: Postgresql): string {
  return `${metadata.namespace ?? ''}/${metadata.name}`;
}

/** Warnings can wait for the next pass: a Teams API that is away must not start one for every cluster. */
function fingerprintOf({ people, unknownTeams, trouble }: ClusterPeople): string {
  return createHash('sha256')
    .update(JSON.stringify([people, unknownTeams, trouble]))
    .digest('base64');
}
