import type { Configuration, PostgresqlStatus, PostgresTeamSpec } from '@pgherd/api';
import { events, secrets, silentLogger, type ResourceType } from '@pgherd/kube/objects';
import { postgresqls, type DatabaseAccess } from '@pgherd/operator';
import { connect, type Connection } from '@pgherd/postgres';
import { startFakeTeamsApi, type FakeTeamsApi, type Teams } from '@pgherd/teams/fake';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { OperatorLab, type OperatorOfTest } from '../support/operator-lab.ts';
import { PlayedCluster } from '../support/played-cluster.ts';
import { startPostgres, type PostgresServer } from '../support/postgres-server.ts';
import { accessTo } from '../support/reach-server.ts';

/**
 * People: from the Teams API and PostgresTeam objects into PostgreSQL and out again. API server, PostgreSQL and HTTP are
 * real; node and Patroni are played, and so is the Teams API.
 */

const key = { namespace: 'default', name: 'acid-demo' };
const token = 'the-token-of-the-operator';
const postgresTeams: ResourceType = {
  group: 'acid.zalan.do',
  version: 'v1',
  plural: 'postgresteams',
  kind: 'PostgresTeam',
  namespaced: true,
};

let lab: OperatorLab;
let server: PostgresServer;
let superuser: Connection;
let database: DatabaseAccess;
let api: FakeTeamsApi;
let teams: Teams;
/** Teams that the Teams API answers nothing useful for; `*` is all of them. */
let broken: Set<string>;
/** What it was asked, with the status of its answers. */
let asked: Set<string>;
let logged: string[];

beforeEach(async () => {
  teams = { acid: ['foo', 'Bar.Baz'], dba: ['boss'], others: ['mallory'] };
  [broken, asked, logged] = [new Set(), new Set(), []];
  [lab, server] = await Promise.all([OperatorLab.start(), startPostgres()]);
  const { host, port, password } = server;
  database = accessTo(server);
  superuser = await connect({ host, port, user: 'postgres', password, database: 'postgres' });
  api = await startFakeTeamsApi({
    teams: (team) => {
      if (broken.has('*') || broken.has(team)) throw new Error('broken');
      return teams;
    },
    token: () => token,
    port: 0,
    onAnswer: (request, status) => asked.add(`${request} ${status}`),
  });
});

afterEach(async () => {
  await superuser?.close();
  await lab?.stop();
  await api?.stop();
  await server?.stop();
  if (logged.join('\n').includes(token)) throw new Error('the token is in the log');
});

async function giveToken(value: string): Promise<void> {
  await lab.client.create(secrets, {
    metadata: { namespace: 'default', name: 'teams-token' },
    stringData: { 'read-only-token-type': 'Bearer', 'read-only-token-secret': value },
  });
}

/** Keeps what is logged, with all of its fields. */
const log = Object.fromEntries(
  Object.keys(silentLogger).map((level) => [
    level,
    (fields: Record<string, unknown>, message: string) =>
      void logged.push(
        `${message} ${JSON.stringify(fields, (_, value: unknown) => (value instanceof Error ? value.stack : value))}`,
      ),
  ]),
) as unknown as typeof silentLogger;

function operate(changes: Partial<Configuration> = {}): OperatorOfTest {
  const settings = {
    teams_api_url: `${api.url}api`,
    oauth_token_secret_name: { name: 'teams-token' },
    enable_team_member_deprecation: true,
    resync_period: 1_000,
    ...changes,
  };
  return lab.operate(settings, { database, log });
}

async function createCluster(): Promise<void> {
  await lab.client.create(postgresqls, {
    metadata: key,
    spec: {
      teamId: 'acid',
      numberOfInstances: 1,
      postgresql: { version: '17' },
      volume: { size: '1Gi' },
      users: { app: [] },
    },
  });
  const played = new PlayedCluster(lab.client, key.name, 'endpoints');
  lab.stopLater(() => played.stop());
}

interface Role {
  login: boolean;
  superuser: boolean;
  /** Roles that it is a member of. */
  of: string[];
  settings: string[];
}

/** Roles of people, of those who left too, and of the manifest, by name. */
async function roles(): Promise<Record<string, Role>> {
  const rows = await superuser.query(`
    SELECT r.rolname AS name, r.rolcanlogin AS login, r.rolsuper AS superuser,
      coalesce(r.rolconfig, '{}') AS settings,
      ARRAY(SELECT g.rolname::text FROM pg_auth_members m JOIN pg_roles g ON g.oid = m.roleid
            WHERE m.member = r.oid ORDER BY 1) AS of
    FROM pg_roles r
    WHERE shobj_description(r.oid, 'pg_authid') LIKE '[pgherd: person%' OR r.rolname IN ('app', 'later')`);
  return Object.fromEntries(rows.map(({ name, ...role }) => [String(name), role as unknown as Role]));
}

/** Waits until these people can log in, and nobody else can. */
async function untilLogins(...names: string[]): Promise<Record<string, Role>> {
  return eventually(`login of ${names.join(', ')}`, async () => {
    const all = await roles();
    const found = Object.keys(all).filter(
      (name) => name !== 'app' && name !== 'later' && all[name]?.login === true,
    );
    if (found.sort().join() !== [...names].sort().join())
      throw new Error(`there is login of ${found.join(', ')}`);
    return all;
  });
}

const status = async () => ((await lab.client.get(postgresqls, key)) as { status?: PostgresqlStatus }).status;

const degraded = async () =>
  (await status())?.conditions?.find(({ type, status: word }) => type === 'Degraded' && word === 'True');

const untilRunning = () =>
  eventually('the cluster runs', async () => (await status())?.PostgresClusterStatus === 'Running');

async function told(): Promise<string[]> {
  const { items } = await lab.client.list(events, { namespace: key.namespace });
  return items.filter(({ reason }) => reason === 'People').map(({ message }) => message ?? '');
}

test('people of teams get roles, lose login when they leave, and have their role again when they return', async () => {
  await giveToken(token);
  const operator = operate({ postgres_superuser_teams: ['dba'] });
  await createCluster();
  await untilLogins('foo', 'Bar.Baz', 'boss');
  const settings = ['log_statement=all'];
  // Memberships and parameters come in later transactions than the roles.
  await eventually('they have all that is theirs', async () => {
    const all = await roles();
    expect(all['foo']).toEqual({ login: true, superuser: false, of: ['admin', 'zalandos'], settings });
    expect(all['boss']).toEqual({ login: true, superuser: true, of: ['zalandos'], settings });
    return true;
  });
  // Teams of nobody's clusters are nobody's business.
  expect([...asked].sort()).toEqual(['GET /api/teams/acid 200', 'GET /api/teams/dba 200']);

  teams['acid'] = ['Bar.Baz', 'new', 'bad\nname'];
  expect(await untilLogins('new', 'Bar.Baz', 'boss')).toHaveProperty('foo_deleted');
  await eventually('the name is told of', async () =>
    (await told()).some((message) => message.includes(String.raw`bad\nname`)),
  );

  // Whoever leaves while no operator runs has left as well.
  await operator.stop();
  teams['acid'] = ['foo', 'new'];
  const next = operate({ postgres_superuser_teams: ['dba'] });
  const after = await untilLogins('foo', 'new', 'boss');
  expect(Object.keys(after)).toContain('Bar.Baz_deleted');
  expect(Object.keys(after)).not.toContain('foo_deleted');

  const port = await next.port;
  const pages = await Promise.all(
    ['config/', 'metrics', 'clusters/', 'workers/all/queue'].map(async (path) =>
      (await fetch(`http://127.0.0.1:${port}/${path}`)).text(),
    ),
  );
  expect(pages[1]).toMatch(/^pgherd_teams_api_requests_total\{outcome="answered"\} [1-9]/m);
  expect(pages.join('\n')).not.toContain(token);
});

test('a Teams API that is away takes nothing from anybody, also not from an operator that has just started', async () => {
  await giveToken(token);
  const first = operate({ postgres_superuser_teams: ['dba'] });
  await createCluster();
  await untilLogins('foo', 'Bar.Baz', 'boss');
  await untilRunning();

  broken.add('*');
  teams['acid'] = ['foo'];
  await eventually('a question was in vain', () => asked.has('GET /api/teams/acid 500'));
  expect(Object.keys(await roles())).toContain('Bar.Baz');
  expect(await degraded()).toBeUndefined();
  await first.stop();

  // Nothing is known now, and everything else goes on.
  const second = operate({ postgres_superuser_teams: ['dba'] });
  await lab.client.patch(postgresqls, key, { type: 'merge', body: { spec: { users: { later: [] } } } });
  await eventually('a role of the manifest is there', async () => Object.hasOwn(await roles(), 'later'));
  expect(await eventually('it is told', degraded)).toMatchObject({ reason: 'PeopleUnknown' });
  await untilRunning();
  await untilLogins('foo', 'Bar.Baz', 'boss');
  await second.stop();

  // One team of two is enough to take nobody for departed, whoever is in the other one.
  broken.delete('*');
  broken.add('dba');
  teams['acid'] = ['foo', 'new'];
  operate({ postgres_superuser_teams: ['dba'] });
  await untilLogins('foo', 'new', 'Bar.Baz', 'boss');
  expect((await eventually('it is told', degraded)).message).toContain('dba');

  broken.clear();
  await untilLogins('foo', 'new', 'boss');
  await eventually('nothing is wrong', async () => (await degraded()) === undefined);
});

test('the token is read when it comes, and again when it changes', async () => {
  operate();
  await createCluster();
  await eventually('it is told', async () =>
    (await degraded())?.message.includes('there is no Secret default/teams-token'),
  );
  await giveToken('wrong');
  await eventually('it is told', async () => (await degraded())?.message.includes('is not accepted'));
  const stringData = { 'read-only-token-secret': token };
  await lab.client.patch(
    secrets,
    { namespace: 'default', name: 'teams-token' },
    {
      type: 'merge',
      body: { stringData },
    },
  );
  await untilLogins('foo', 'Bar.Baz');
});

test('PostgresTeam objects come, change and go, without a Teams API', async () => {
  const write = async (name: string, spec: PostgresTeamSpec) =>
    lab.client.create(postgresTeams, {
      apiVersion: 'acid.zalan.do/v1',
      kind: 'PostgresTeam',
      metadata: { namespace: 'default', name },
      spec,
    });
  operate({
    enable_teams_api: false,
    enable_postgres_team_crd: true,
    enable_postgres_team_crd_superusers: true,
    // Only what is watched tells of a change.
    resync_period: 0,
    repair_period: 0,
  });
  await createCluster();
  await write('one', {
    additionalSuperuserTeams: { acid: ['admins'] },
    additionalTeams: { acid: ['b'], b: ['c'] },
    additionalMembers: { c: ['elephant'] },
  });
  await untilLogins('elephant');
  await write('two', { additionalMembers: { admins: ['boss'], acid: ['fluffy'], nobody: ['stranger'] } });
  const all = await untilLogins('elephant', 'fluffy', 'boss');
  expect(all['boss']?.superuser).toBe(true);
  expect(all['fluffy']).toMatchObject({ superuser: false, of: ['admin', 'zalandos'] });

  const two = { namespace: 'default', name: 'two' };
  await lab.client.patch(postgresTeams, two, {
    type: 'merge',
    body: { spec: { additionalMembers: { acid: ['fluffy', 'mouse'], admins: null } } },
  });
  await untilLogins('elephant', 'fluffy', 'mouse');
  await lab.client.delete(postgresTeams, two);
  expect(await untilLogins('elephant')).toHaveProperty('fluffy_deleted');
  expect(asked.size).toBe(0);
});
