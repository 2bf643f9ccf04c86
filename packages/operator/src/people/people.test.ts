import {
  defaultConfiguration,
  type Configuration,
  type Postgresql,
  type PostgresTeamSpec,
} from '@pgherd/api';
import { silentLogger, type Clock } from '@pgherd/kube/objects';
import { teamsClient } from '@pgherd/teams';
import { startFakeTeamsApi, type Teams } from '@pgherd/teams/fake';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { testManifest } from '../testing/cluster.ts';
import { People } from './people.ts';
import { Roster, type TeamsOutcome } from './roster.ts';
import { mergePostgresTeams } from './team-map.ts';
import type { Token } from './token.ts';

/** People and roster as they are, against a Teams API that is played over HTTP; what is watched is given. */

const minute = 60_000;
const stops: (() => unknown)[] = [];

let teams: Teams;
let isAway: boolean;
/** What the Teams API was asked. */
let asked: string[];
let outcomes: TeamsOutcome[];
let enqueued: string[];
let logged: string[];
let url: string;
let configuration: Configuration;
let manifests: Postgresql[];
let isComplete: boolean;
let spec: PostgresTeamSpec | undefined;
let token: Token;
let now: number;
let timers: Set<{ at: number; fn: () => void }>;

/** A clock that stands still until it is told to go on. */
const clock: Clock = {
  now: () => now,
  after: (ms, fn) => {
    const timer = { at: now + ms, fn };
    timers.add(timer);
    return () => timers.delete(timer);
  },
};

function goOn(ms: number): void {
  now += ms;
  for (const timer of timers) {
    if (timer.at > now) continue;
    timers.delete(timer);
    timer.fn();
  }
}

beforeEach(async () => {
  [asked, outcomes, enqueued, logged, isAway, now, timers] = [[], [], [], [], false, 1e12, new Set()];
  teams = { acid: ['foo', 'bar'], other: ['baz'], unrelated: ['mallory'] };
  token = { value: 'a-secret-token', version: '1', problem: '' };
  isComplete = true;
  manifests = [cluster('one', 'acid'), cluster('two', 'acid'), cluster('three', 'other')];
  spec = {};
  const api = await startFakeTeamsApi({
    teams: () => {
      if (isAway) throw new Error('away');
      return teams;
    },
    token: () => 'a-secret-token',
    port: 0,
    onAnswer: (request, status) => asked.push(`${request.replace('GET /teams/', '')} ${status}`),
  });
  stops.push(() => api.stop());
  ({ url } = api);
  configuration = {
    ...defaultConfiguration(),
    teams_api_url: url,
    enable_postgres_team_crd: true,
    resync_period: 30 * minute,
  };
});

afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
  if (logged.join('\n').includes('a-secret-token')) throw new Error('the token is in the log');
});

function cluster(name: string, teamId: string): Postgresql {
  const manifest = testManifest({ teamId });
  return { ...manifest, metadata: { ...manifest.metadata, name } };
}

function newRoster(): Roster {
  const warn = (fields: object, message: string) => void logged.push(`${JSON.stringify(fields)} ${message}`);
  return new Roster({
    client: (at) => teamsClient({ url: at }),
    clock,
    log: { ...silentLogger, warn },
    onQuestion: (outcome) => outcomes.push(outcome),
  });
}

/** Begins to look, as an operator does that has just started, or made its watches anew with what it knew. */
function look(roster = newRoster()) {
  let tell = (): void => {};
  const people = new People({
    configuration: () => configuration,
    manifests: () => manifests,
    isComplete: () => isComplete,
    enqueue: (key) => enqueued.push(key),
    watched: {
      teams: () =>
        spec &&
        mergePostgresTeams([
          { apiVersion: 'acid.zalan.do/v1', kind: 'PostgresTeam', metadata: { name: 'a' }, spec },
        ]),
      token: () => token,
      onChange: (changed) => {
        tell = changed;
        return () => {};
      },
    },
    roster,
    clock,
  });
  const stop = new AbortController();
  const ended = people.run(stop.signal);
  const end = async () => {
    stop.abort();
    await ended;
  };
  stops.push(end);
  const of = (name: string) => {
    const manifest = manifests.find(({ metadata }) => metadata.name === name);
    if (manifest === undefined) throw new Error(`no cluster ${name}`);
    return people.of(manifest);
  };
  const names = (name: string) => of(name).people?.map((each) => each.name);
  return { of, names, end, roster, changed: () => tell() };
}

/** Runs passes as the queue would, until there is nothing more to tell. */
async function passes({ of }: Pick<ReturnType<typeof look>, 'of'>, wanted: string[]): Promise<void> {
  await vi.waitFor(() => expect([...new Set(enqueued)].sort()).toEqual([...wanted].sort()));
  for (const key of enqueued.splice(0)) of(key.split('/')[1] ?? '');
}

/** All that is under way comes to its end. */
const settled = async (): Promise<void> => {
  for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
};

const every = ['default/one', 'default/two', 'default/three'];

test('each team is asked for once, only if it owns a cluster, and passes follow where it matters', async () => {
  const looking = look();
  for (const name of ['one', 'two', 'three'])
    expect(looking.of(name)).toEqual({ unknownTeams: [expect.any(String)], warnings: [] });
  await passes(looking, every);
  expect(asked.sort()).toEqual(['acid 200', 'other 200']);
  expect(looking.names('one')).toEqual(['foo', 'bar']);
  expect(looking.names('three')).toEqual(['baz']);

  // Not at each pass, and not before the period is over.
  teams['other'] = ['baz', 'new'];
  goOn(20 * minute);
  await settled();
  expect(asked).toHaveLength(2);
  goOn(10 * minute);
  await passes(looking, ['default/three']);
  expect(looking.names('three')).toEqual(['baz', 'new']);
  expect(asked).toHaveLength(4);
  expect(outcomes).toEqual(['answered', 'answered', 'answered', 'answered']);
});

test('while the Teams API is away, members stay as they were, and nobody is told again and again', async () => {
  const looking = look();
  looking.of('one');
  await passes(looking, ['default/one']);
  isAway = true;
  teams['acid'] = [];
  goOn(31 * minute);
  await vi.waitFor(() => expect(outcomes.filter((each) => each === 'refused')).toHaveLength(2));
  await settled();
  expect(enqueued).toEqual([]);
  const during = looking.of('one');
  expect(during).toMatchObject({ people: [{ name: 'foo' }, { name: 'bar' }], unknownTeams: [] });
  expect(during.warnings[0]?.message).toMatch(
    /^the members of team `acid` stay as they were last known: http.*500\.$/,
  );

  // It is asked again, later each time, and the answer counts at once.
  goOn(6_000);
  await vi.waitFor(() => expect(outcomes).toHaveLength(6));
  isAway = false;
  teams['acid'] = ['bar'];
  goOn(6 * minute);
  await passes(looking, ['default/one']);
  expect(looking.of('one')).toEqual({
    people: [{ name: 'bar', team: 'acid', isSuperuser: false }],
    unknownTeams: [],
    warnings: [],
  });
  expect(logged).toHaveLength(2);
});

test('after a restart during an outage nobody is taken for departed; what works is taken', async () => {
  isAway = true;
  spec = { additionalMembers: { acid: ['added'] } };
  const looking = look();
  looking.of('one');
  looking.of('three');
  await passes(looking, ['default/one', 'default/three']);
  expect(looking.of('three').people).toBeUndefined();
  const unknown = looking.of('one');
  expect(unknown).toMatchObject({ people: [{ name: 'added' }], unknownTeams: ['acid'] });
  expect(unknown.trouble?.message).toContain('who is in team acid is not known: http');
  isAway = false;
  goOn(6_000);
  await passes(looking, ['default/one', 'default/three']);
  expect(looking.of('one')).toMatchObject({ people: [{}, {}, {}], unknownTeams: [] });
});

test('what was known stays known to other watches; what nobody wants is forgotten', async () => {
  const first = look();
  first.of('one');
  await passes(first, ['default/one']);
  await first.end();
  isAway = true;
  // Watches that have just begun know of nothing yet.
  const all = manifests;
  [manifests, isComplete, spec] = [[], false, undefined];
  const second = look(first.roster);
  await settled();
  [manifests, spec] = [all, {}];
  second.changed();
  await settled();
  isComplete = true;
  expect(second.names('one')).toEqual(['foo', 'bar']);
  manifests = manifests.filter(({ metadata }) => metadata.name === 'three');
  second.changed();
  await vi.waitFor(() => expect(first.roster.team('acid')).toBeUndefined());
  expect(first.roster.team('other')).toBeDefined();
});

test('a changed PostgresTeam concerns only the clusters that it makes a difference for', async () => {
  const looking = look();
  for (const name of ['one', 'two', 'three']) looking.of(name);
  await passes(looking, every);
  spec = { additionalMembers: { other: ['added'] }, additionalTeams: { nobody: ['acid'] } };
  looking.changed();
  await passes(looking, ['default/three']);
  expect(looking.names('three')).toEqual(['added', 'baz']);
  // A team that was not wanted before is asked for at once.
  spec = { additionalTeams: { acid: ['unrelated'] } };
  looking.changed();
  await passes(looking, every);
  await vi.waitFor(() => expect(looking.names('one')).toEqual(['mallory', 'foo', 'bar']));
  spec = {};
  looking.changed();
  await vi.waitFor(() => expect(looking.names('two')).toEqual(['foo', 'bar']));
});

test('where no team is known at all nobody is taken for departed', async () => {
  teams = {};
  const looking = look();
  looking.of('one');
  await vi.waitFor(() => expect(outcomes).toEqual(['no_such_team', 'no_such_team']));
  const wrong = looking.of('one');
  expect(wrong).toMatchObject({ unknownTeams: ['acid'] });
  expect(wrong.warnings.map(({ message }) => message)).toEqual([
    expect.stringContaining(
      'knows no team `acid`, nor any other that it was asked for: correct teams_api_url.',
    ),
  ]);
  // Once it knows another one, it is believed.
  teams = { other: ['baz'] };
  goOn(31 * minute);
  await passes(looking, ['default/one']);
  expect(looking.of('one')).toMatchObject({ people: [], unknownTeams: [] });
  expect(looking.of('one').warnings).toHaveLength(1);
});

test('a pass that sees a change before it is compared is followed by another one', async () => {
  const looking = look();
  looking.of('one');
  await passes(looking, ['default/one']);
  spec = { additionalMembers: { acid: ['added'] } };
  looking.changed();
  // What this pass began with was something else.
  expect(looking.names('one')).toContain('added');
  await passes(looking, ['default/one']);
});

test('the token is read at every question; without one nobody is asked', async () => {
  token = { value: undefined, version: '', problem: 'there is no Secret' };
  const looking = look();
  looking.of('one');
  await passes(looking, ['default/one']);
  expect(looking.of('one').trouble?.message).toContain('is not known: there is no Secret. ');
  expect([asked, new Set(outcomes)]).toEqual([[], new Set(['no_token'])]);
  token = { value: 'wrong', version: '2', problem: '' };
  looking.changed();
  await passes(looking, ['default/one']);
  expect(looking.of('one').trouble?.message).toContain(
    'the token of oauth_token_secret_name is not accepted',
  );
  token = { value: 'a-secret-token', version: '3', problem: '' };
  looking.changed();
  await passes(looking, ['default/one']);
  expect(looking.names('one')).toEqual(['foo', 'bar']);
});

test('another URL is asked at once, and objects that cannot be read are told of after a while', async () => {
  const looking = look();
  looking.of('one');
  await passes(looking, ['default/one']);
  const before = asked.length;
  configuration = { ...configuration, teams_api_url: `${url}v2` };
  looking.roster.wake();
  await vi.waitFor(() => expect(asked).toHaveLength(before + 2));
  spec = undefined;
  looking.changed();
  await passes(looking, ['default/one']);
  expect(looking.of('one')).toEqual({ unknownTeams: ['acid'], warnings: [] });
  goOn(31_000);
  await passes(looking, ['default/one']);
  expect(looking.of('one').trouble?.reason).toBe('PeopleUnknown');
});
