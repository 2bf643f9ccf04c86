import type { PostgresTeam, PostgresTeamSpec } from '@pgherd/api';

/** What is added to one team. */
export interface Additions {
  superuserTeams: readonly string[];
  teams: readonly string[];
  members: readonly string[];
}

/** What all `PostgresTeam` objects together add to teams, by team. */
export type TeamMap = ReadonlyMap<string, Additions>;

const nothing: Additions = { superuserTeams: [], teams: [], members: [] };

/** All objects as one, in the order of their names, so that it is the same each time. */
export function mergePostgresTeams(objects: readonly PostgresTeam[]): TeamMap {
  const merged = new Map<string, Additions>();
  for (const { spec } of [...objects].sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1))) {
    for (const team of teamsIn(spec)) {
      const before = merged.get(team) ?? nothing;
      merged.set(team, {
        superuserTeams: union(before.superuserTeams, listOf(spec.additionalSuperuserTeams, team)),
        teams: union(before.teams, listOf(spec.additionalTeams, team)),
        members: union(before.members, listOf(spec.additionalMembers, team)),
      });
    }
  }
  return merged;
}

/**
 * Teams that are added to a team: directly, and to those in turn. A team is never added to itself. The further away, the
 * later.
 */
export function addedTeams(map: TeamMap, team: string, kind: 'superuserTeams' | 'teams'): string[] {
  const found = new Set([team]);
  for (const each of found) for (const added of (map.get(each) ?? nothing)[kind]) found.add(added);
  found.delete(team);
  return [...found];
}

/** People who are added to a team itself. */
export function addedMembers(map: TeamMap, team: string): readonly string[] {
  return (map.get(team) ?? nothing).members;
}

function nameOf({ metadata }: PostgresTeam): string {
  return `${metadata.namespace ?? ''}/${metadata.name}`;
}

/** An object may be there that no schema has looked at. */
function teamsIn(spec: PostgresTeamSpec | undefined): string[] {
  const parts = [spec?.additionalSuperuserTeams, spec?.additionalTeams, spec?.additionalMembers];
  return parts.flatMap((part) => Object.keys(part ?? {}));
}

function listOf(byTeam: Record<string, string[] | null> | undefined, team: string): string[] {
  const list: unknown = Object.hasOwn(byTeam ?? {}, team) ? byTeam?.[team] : undefined;
  return Array.isArray(list) ? list.filter((each): each is string => typeof each === 'string') : [];
}

function union(one: readonly string[], other: readonly string[]): string[] {
  return [...new Set([...one, ...other])];
}
