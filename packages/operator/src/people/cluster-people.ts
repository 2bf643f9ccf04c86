import type { Configuration, Problem } from '@pgherd/api';
import { sortedOut, type Membership } from '@pgherd/teams';
import type { Person } from '../render/input.ts';
import type { Trouble } from '../status/trouble.ts';
import { addedMembers, addedTeams, type TeamMap } from './team-map.ts';
import { asksTeamsApi } from './teams-api.ts';

/** What the Teams API last said about a team. */
export interface KnownTeam {
  /** Who is in it, as of the last answer; undefined: there was none yet. */
  membership: Membership | undefined;
  /** Why the last question was not answered; undefined: it was. */
  failure: string | undefined;
  /** Where it was asked, no team is known at all: that may be no Teams API, and is no proof that nobody is in the team. */
  isDoubtful?: boolean;
}

/** Where it stands who may log in to which cluster. */
export interface PeopleSources {
  configuration: Configuration;
  /** Of the `PostgresTeam` objects; undefined: they are not known yet. */
  postgresTeams: TeamMap | undefined;
  /** Whether the objects should be known by now. */
  isLate: boolean;
  /** Of the Teams API; undefined: the team has not been asked for yet. */
  teamsApi: (team: string) => KnownTeam | undefined;
}

/** Who may log in to a cluster, as far as it is known. */
export interface ClusterPeople {
  /** Absent: none are looked for, or nobody could tell yet. */
  people?: readonly Person[];
  /** Teams whose members nobody could tell yet: who has a role and is not among `people` may be one of them. */
  unknownTeams: readonly string[];
  /** What keeps the people from being known. */
  trouble?: Trouble;
  /** Names that no role can have, teams that nobody knows. */
  warnings: readonly Problem[];
}

/** A team whose members get roles in a cluster. */
export interface ClusterTeam {
  name: string;
  isSuperuser: boolean;
}

/** Whether it is looked up at all who may log in. */
export function looksForPeople(configuration: Configuration): boolean {
  return (
    configuration.enable_database_access &&
    (asksTeamsApi(configuration) || configuration.enable_postgres_team_crd)
  );
}

/**
 * The teams whose members get roles in the clusters of a team, in the order in which they are gone through: teams of
 * superusers, teams that are added, and the team itself, unless it was among the first.
 */
export function teamsOf(team: string, configuration: Configuration, map: TeamMap): ClusterTeam[] {
  const added = configuration.enable_postgres_team_crd && configuration.enable_postgres_team_crd_superusers;
  const superusers = new Set([
    ...(added ? addedTeams(map, team, 'superuserTeams') : []),
    ...configuration.postgres_superuser_teams,
  ]);
  const others = configuration.enable_postgres_team_crd ? addedTeams(map, team, 'teams') : [];
  const owning = team === '' ? [] : [team];
  return [
    ...[...superusers].map((name) => ({ name, isSuperuser: true })),
    ...others.filter((name) => !superusers.has(name)).map((name) => ({ name, isSuperuser: false })),
    ...owning
      .filter((name) => !superusers.has(name))
      .map((name) => ({ name, isSuperuser: configuration.enable_team_superuser })),
  ];
}

/**
 * Who may log in to the clusters of a team. Whoever is in several of its teams is a superuser if one of them makes him
 * one.
 */
export function peopleOf(team: string, sources: PeopleSources): ClusterPeople {
  const { configuration, postgresTeams, teamsApi } = sources;
  const known = configuration.enable_postgres_team_crd ? postgresTeams : new Map();
  if (!looksForPeople(configuration)) return { unknownTeams: [], warnings: [] };
  if (known === undefined)
    return { unknownTeams: [team], warnings: [], ...(sources.isLate ? { trouble: unread } : {}) };
  const people = new Map<string, Person>();
  const lookups = teamsOf(team, configuration, known).map((each) => {
    const found = lookUp(each.name, configuration, known, teamsApi);
    for (const name of found.members) {
      const before = people.get(name);
      if (before === undefined || (each.isSuperuser && !before.isSuperuser))
        people.set(name, { name, team: each.name, isSuperuser: each.isSuperuser });
    }
    return found;
  });
  const unknown = lookups.filter(({ isKnown }) => !isKnown);
  const trouble = troubleOf(unknown);
  return {
    ...(people.size === 0 && unknown.length > 0 ? {} : { people: [...people.values()] }),
    unknownTeams: unknown.map(({ team: name }) => name),
    ...(trouble === undefined ? {} : { trouble }),
    warnings: [...teamWarnings(team, known), ...lookups.flatMap(({ warnings }) => warnings)],
  };
}

const unread: Trouble = {
  reason: 'PeopleUnknown',
  message:
    'PostgresTeam objects cannot be read, so it is not known who may log in: see that the definition postgresteams.acid.zalan.do is there, and that the operator may list and watch them. People who have roles keep them until then',
};

const noTeamAtAll =
  ', nor any other that it was asked for: correct teams_api_url. Until it knows one, nobody is taken for departed.';

/** What is known of one team. */
interface Lookup {
  team: string;
  members: string[];
  isKnown: boolean;
  failure: string | undefined;
  warnings: Problem[];
}

function lookUp(
  team: string,
  configuration: Configuration,
  map: TeamMap,
  teamsApi: PeopleSources['teamsApi'],
): Lookup {
  const added = sortedOut(configuration.enable_postgres_team_crd ? addedMembers(map, team) : []);
  const isAsked = asksTeamsApi(configuration);
  const { membership, failure, isDoubtful = false } = (isAsked ? teamsApi(team) : undefined) ?? {};
  const refused = [...added.refused, ...(membership?.refused ?? [])];
  const warnings = refused.map(({ name, why }) =>
    warning(`\`${name}\` of team \`${team}\` gets no role, because ${why}.`),
  );
  if (membership?.exists === false && (isDoubtful || !map.has(team)))
    warnings.push(
      warning(
        `the Teams API knows no team \`${team}\`${isDoubtful ? noTeamAtAll : ', so it has no members.'}`,
      ),
    );
  if (failure !== undefined && membership !== undefined)
    warnings.push(warning(`the members of team \`${team}\` stay as they were last known: ${failure}.`));
  return {
    team,
    members: [...new Set([...added.members, ...(membership?.members ?? [])])],
    isKnown: !isAsked || (membership !== undefined && !isDoubtful),
    failure,
    warnings,
  };
}

function troubleOf(unknown: Lookup[]): Trouble | undefined {
  const failed = unknown.filter(({ failure }) => failure !== undefined);
  const [first] = failed;
  if (first === undefined) return undefined;
  const names = failed.map(({ team }) => team).join(', ');
  return {
    reason: 'PeopleUnknown',
    message:
      `who is in ${failed.length === 1 ? 'team' : 'the teams'} ${names} is not known: ${first.failure ?? ''}. ` +
      'People who have roles keep them until the Teams API answers',
  };
}

/** A team is one thing in capitals and another without, in manifests as in `PostgresTeam` objects. */
function teamWarnings(team: string, map: TeamMap): Problem[] {
  if (team === '')
    return [warning('it is empty: the cluster belongs to no team, whose members could log in.')];
  const lower = team.toLowerCase();
  const similar = [...map.keys()].filter((name) => name !== team && name.toLowerCase() === lower);
  if (similar.length === 0 || map.has(team)) return [];
  return [
    warning(
      `it is \`${team}\`, and PostgresTeam objects are about \`${similar.join('`, `')}\`: capitals count, so nothing is added.`,
    ),
  ];
}

function warning(message: string): Problem {
  return { severity: 'warning', field: 'spec.teamId', message, reason: 'People' };
}
