import { parseConfiguration, type PostgresTeamSpec } from '@pgherd/api';
import { expect, test } from 'vitest';
import { peopleOf, teamsOf, type KnownTeam, type PeopleSources } from './cluster-people.ts';
import { mergePostgresTeams } from './team-map.ts';

const url = 'https://teams.example.org';

/** Configured as in a ConfigMap. */
function configured(more: Record<string, string> = {}) {
  return parseConfiguration({ teams_api_url: url, enable_postgres_team_crd: 'true', ...more }).configuration;
}

function postgresTeam(spec: PostgresTeamSpec, name = 'a') {
  return { apiVersion: 'acid.zalan.do/v1', kind: 'PostgresTeam', metadata: { name }, spec } as const;
}

const of = (...members: string[]): KnownTeam => ({
  membership: { exists: true, members, refused: [] },
  failure: undefined,
});

function sources(more: Partial<PeopleSources> & { teams?: Record<string, KnownTeam> } = {}): PeopleSources {
  const { teams = {}, ...rest } = more;
  return {
    configuration: configured(),
    postgresTeams: new Map(),
    isLate: false,
    teamsApi: (team) => teams[team],
    ...rest,
  };
}

const names = (team: string, from: PeopleSources) =>
  peopleOf(team, from).people?.map(({ name, isSuperuser }) => (isSuperuser ? `${name}*` : name));

test('superuser teams come first, then teams that are added, and the owning team last', () => {
  const map = mergePostgresTeams([
    postgresTeam({
      additionalSuperuserTeams: { acid: ['admins'] },
      additionalTeams: { acid: ['helpers', 'admins'] },
    }),
  ]);
  const all = { postgres_superuser_teams: 'dba', enable_postgres_team_crd_superusers: 'true' };
  const order = (team: string, more: Record<string, string>) =>
    teamsOf(team, configured(more), map).map(({ name, isSuperuser }) => (isSuperuser ? `${name}*` : name));
  expect(order('acid', all)).toEqual(['admins*', 'dba*', 'helpers', 'acid']);
  expect(order('acid', { ...all, enable_team_superuser: 'true' })).toEqual([
    'admins*',
    'dba*',
    'helpers',
    'acid*',
  ]);
  // Without the second key nobody becomes a superuser by a PostgresTeam.
  expect(order('acid', {})).toEqual(['helpers', 'admins', 'acid']);
  expect(order('acid', { enable_postgres_team_crd: 'false' })).toEqual(['acid']);
  // The clusters of superusers are gone through once; those without a team have the superusers only.
  expect(order('dba', all)).toEqual(['dba*']);
  expect(order('', all)).toEqual(['dba*']);
});

test('teams are added by way of others, also in circles; members are not', () => {
  const map = mergePostgresTeams([
    postgresTeam({ additionalTeams: { acid: ['b'], b: ['c', 'acid'], c: ['b', 'd'] } }),
    postgresTeam(
      { additionalTeams: { acid: ['b', 'e'] }, additionalMembers: { acid: ['x'], b: ['y'], f: ['z'] } },
      'b',
    ),
    postgresTeam({ additionalSuperuserTeams: { acid: ['s'], s: ['t'], b: ['u'] } }, 'c'),
  ]);
  const configuration = configured({
    enable_teams_api: 'false',
    enable_postgres_team_crd_superusers: 'true',
  });
  expect(teamsOf('acid', configuration, map).map(({ name }) => name)).toEqual([
    's',
    't',
    'b',
    'e',
    'c',
    'd',
    'acid',
  ]);
  // Without the Teams API as well.
  expect(names('acid', sources({ configuration, postgresTeams: map }))).toEqual(['y', 'x']);
});

test('whoever is in several teams is a superuser if one of them makes him one', () => {
  const configuration = configured({ postgres_superuser_teams: 'dba', enable_team_superuser: 'true' });
  const map = mergePostgresTeams([postgresTeam({ additionalTeams: { acid: ['helpers'] } })]);
  const teams = { dba: of('foo', 'bar'), helpers: of('baz', 'qux'), acid: of('foo', 'baz') };
  expect(names('acid', sources({ configuration, postgresTeams: map, teams }))).toEqual([
    'foo*',
    'bar*',
    'baz*',
    'qux',
  ]);
});

test('objects of all namespaces count together; a broken one harms nobody', () => {
  const broken = [
    { ...postgresTeam({}), spec: undefined },
    postgresTeam({ additionalMembers: { acid: null } }),
    postgresTeam({ additionalMembers: { acid: 'foo' } as never }),
    postgresTeam({ additionalMembers: { acid: ['', 5, 'a\nb', 'bar'] } as never }),
  ] as never[];
  const configuration = configured({ enable_teams_api: 'false' });
  const told = peopleOf('acid', sources({ configuration, postgresTeams: mergePostgresTeams(broken) }));
  expect(told.people?.map(({ name }) => name)).toEqual(['bar']);
  expect(told.warnings.map(({ message }) => message)).toEqual([
    '`` of team `acid` gets no role, because it is empty.',
    '`a\\nb` of team `acid` gets no role, because it has characters in it that nobody can see.',
  ]);
});

test('nobody is looked for while nothing is configured, and nobody is at home at the URL that is the default', () => {
  const asked: string[] = [];
  const teamsApi = (team: string) => void asked.push(team);
  for (const more of [
    {},
    { teams_api_url: 'https://teams.example.com/api/' },
    { teams_api_url: url, enable_teams_api: 'false' },
  ]) {
    const { configuration } = parseConfiguration(more);
    expect(peopleOf('acid', sources({ configuration, teamsApi }))).toEqual({
      unknownTeams: [],
      warnings: [],
    });
  }
  const { configuration } = parseConfiguration({ teams_api_url: url, enable_database_access: 'false' });
  expect(peopleOf('acid', sources({ configuration, teamsApi })).people).toBeUndefined();
  expect(asked).toEqual([]);
});

test('what nobody could tell is not taken for nobody', () => {
  const failed: KnownTeam = { membership: undefined, failure: 'no answer' };
  const map = mergePostgresTeams([postgresTeam({ additionalTeams: { acid: ['helpers'] } })]);
  const two = (teams: Record<string, KnownTeam>) => peopleOf('acid', sources({ postgresTeams: map, teams }));
  expect(two({})).toEqual({ unknownTeams: ['helpers', 'acid'], warnings: [] });
  const half = two({ helpers: failed, acid: of('foo') });
  expect(half).toMatchObject({ people: [{ name: 'foo' }], unknownTeams: ['helpers'], warnings: [] });
  expect(half.trouble).toMatchObject({
    reason: 'PeopleUnknown',
    message: expect.stringContaining(
      'who is in team helpers is not known: no answer. People who have roles keep them',
    ),
  });
  // Known from before: it is said, and nothing else.
  const stale = two({ helpers: { ...of('bar'), failure: 'no answer' }, acid: of() });
  expect(stale).toMatchObject({ people: [{ name: 'bar' }], unknownTeams: [] });
  expect(stale.trouble).toBeUndefined();
  expect(stale.warnings).toMatchObject([
    { message: 'the members of team `helpers` stay as they were last known: no answer.' },
  ]);
  // Objects that are not read yet.
  expect(peopleOf('acid', sources({ postgresTeams: undefined }))).toEqual({
    unknownTeams: ['acid'],
    warnings: [],
  });
  const late = peopleOf('acid', sources({ postgresTeams: undefined, isLate: true }));
  expect(late.people).toBeUndefined();
  expect(late.trouble?.message).toContain('PostgresTeam objects cannot be read');
});

test('a team that nobody knows, one in other capitals, and none are told', () => {
  const none: KnownTeam = { membership: { exists: false, members: [], refused: [] }, failure: undefined };
  const map = mergePostgresTeams([postgresTeam({ additionalMembers: { ACID: ['foo'], virtual: ['bar'] } })]);
  const said = (team: string) => {
    const { people, warnings } = peopleOf(team, sources({ postgresTeams: map, teamsApi: () => none }));
    return [people?.map(({ name }) => name), ...warnings.map(({ message }) => message)];
  };
  expect(said('acid')).toEqual([
    [],
    'it is `acid`, and PostgresTeam objects are about `ACID`: capitals count, so nothing is added.',
    'the Teams API knows no team `acid`, so it has no members.',
  ]);
  // One that is made of added members only need not be anywhere else.
  expect(said('virtual')).toEqual([['bar']]);
  expect(said('')).toEqual([[], 'it is empty: the cluster belongs to no team, whose members could log in.']);
});
