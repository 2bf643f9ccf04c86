import {
  operatorConfigurationResource,
  parseConfiguration,
  type Condition,
  type PostgresqlStatus,
} from '@pgherd/api';
import {
  configMaps,
  events,
  secrets,
  type KubeObject,
  type ResourceType,
  type Secret,
} from '@pgherd/kube/objects';
import { postgresqls, rbacObjects, secretName } from '@pgherd/operator';
import { connect } from '@pgherd/postgres';
import { afterEach, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { OperatorLab } from '../support/operator-lab.ts';
import { PlayedCluster } from '../support/played-cluster.ts';
import { startPostgres, type PostgresServer } from '../support/postgres-server.ts';
import { accessTo } from '../support/reach-server.ts';

/**
 * Roles of all clusters, from the operator's namespace into a cluster in another one, with exactly the rights that are
 * printed for it. API server and PostgreSQL are real; node and Patroni are played.
 */

const key = { namespace: 'apps', name: 'acid-demo' };
const place = { namespace: 'default', name: 'postgres-operator' };
const roles = { namespace: 'default', name: 'infra' };
const configurations: ResourceType = { ...operatorConfigurationResource, namespaced: true };
const data = { watched_namespace: 'apps', infrastructure_roles_secret_name: 'infra' };

let lab: OperatorLab;
let server: PostgresServer;

/** Where the configuration is. */
type Form = 'ConfigMap' | 'OperatorConfiguration';

/** API server, PostgreSQL, and the rights of an operator that has its configuration in this form. */
async function start(form: Form): Promise<void> {
  const { configuration, named } = parseConfiguration(data);
  const origin = { type: form, ...place };
  const rbac = rbacObjects({ configuration, named, own: 'default', origin }, 'postgres-operator');
  const apps: KubeObject = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'apps' } };
  [lab, server] = await Promise.all([
    OperatorLab.start([apps, ...rbac.map(({ object }) => object)]),
    startPostgres(),
  ]);
}

afterEach(async () => {
  await lab?.stop();
  await server?.stop();
});

async function run(form: Form): Promise<number> {
  await start(form);
  await (form === 'ConfigMap'
    ? lab.client.create(configMaps, { metadata: place, data })
    : lab.client.create(configurations, {
        metadata: place,
        configuration: { kubernetes: data },
      }));
  const variable = form === 'ConfigMap' ? 'CONFIG_MAP_NAME' : 'POSTGRES_OPERATOR_CONFIGURATION_OBJECT';
  const operator = lab.operateWith({
    httpPort: 0,
    env: { [variable]: place.name },
    database: accessTo(server),
  });
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
  const played = new PlayedCluster(lab.client, key.name, 'endpoints', key.namespace);
  lab.stopLater(() => played.stop());
  return operator.port;
}

const runs = () =>
  eventually('the cluster runs', async () => {
    const { metadata, status } = (await lab.client.get(postgresqls, key)) as KubeObject & {
      status?: PostgresqlStatus;
    };
    return status?.PostgresClusterStatus === 'Running' && status.observedGeneration === metadata.generation;
  });

const write = (texts: Record<string, string>) =>
  lab.client.patch(secrets, roles, { type: 'merge', body: { stringData: texts } });

/** What the cluster's Secret of a role says. */
async function passwordOf(role: string): Promise<string | undefined> {
  const { configuration } = parseConfiguration(data);
  const name = secretName(configuration, key.name, role);
  const found = await lab.client.find(secrets, { ...key, name });
  return Buffer.from(found?.data?.['password'] ?? '', 'base64').toString();
}

/** One row for who logs in. Rejects when that is refused. */
async function login(user: string, password: string): Promise<Record<string, unknown>> {
  const { host, port } = server;
  const connection = await connect({ host, port, user, password, database: 'postgres' });
  try {
    const [row = {}] = await connection.query<Record<string, unknown>>(
      'select rolcreatedb as createdb, current_setting($$work_mem$$) as work_mem from pg_roles where rolname = current_user',
    );
    return row;
  } finally {
    await connection.close();
  }
}

const canLogIn = (user: string, password: string) =>
  eventually(`${user} logs in`, async () => (await login(user, password)) !== undefined);

/** What is told about the operator's configuration. */
async function told(): Promise<string[]> {
  const { items } = await lab.client.list(events, { namespace: place.namespace });
  return items
    .filter(({ involvedObject }) => involvedObject.name === place.name)
    .map(({ type, reason, message }) => `${type} ${reason} ${message}`);
}

test('they reach the cluster, a changed password reaches its Secret and the role, a wrong entry costs itself', async () => {
  const port = await run('ConfigMap');
  await lab.client.create<Secret>(secrets, {
    metadata: roles,
    stringData: { user1: 'robot', password1: 'first', user2: 'Wrong', password2: 'hunter2' },
  });
  await runs();
  await canLogIn('robot', 'first');
  expect(await passwordOf('robot')).toBe('first');
  await eventually('the wrong entry is told', async () =>
    (await told()).some((each) => each.startsWith('Warning Configuration Secret default/infra, key user2: ')),
  );
  expect(JSON.stringify(await told())).not.toContain('hunter2');
  const readiness = await fetch(`http://127.0.0.1:${port}/readyz`);
  expect(readiness.status).toBe(200);

  await write({ password1: 'second' });
  await canLogIn('robot', 'second');
  expect(await passwordOf('robot')).toBe('second');
  await expect(login('robot', 'first')).rejects.toMatchObject({ code: '28P01' });

  // Somebody empties the cluster's Secret: it is the source that says what belongs there.
  const robot = secretName(parseConfiguration(data).configuration, key.name, 'robot');
  await lab.client.patch(
    secrets,
    { ...key, name: robot },
    { type: 'merge', body: { data: { password: '' } } },
  );
  await eventually('the password is back', async () => (await passwordOf('robot')) === 'second');

  await write({ etl: 'third' });
  await lab.client.create(configMaps, {
    metadata: roles,
    data: { etl: 'user_flags: [createdb]\ndb_parameters: {work_mem: 7MB}', lost: '' },
  });
  await canLogIn('etl', 'third');
  expect(await login('etl', 'third')).toEqual({ createdb: true, work_mem: '7MB' });
  await eventually('what has no password is told', async () =>
    (await told()).some((each) =>
      each.includes('ConfigMap default/infra, key lost: its password is missing'),
    ),
  );
  await runs();
});

test('without its Secret the operator says so in its status, and looks after the cluster; the Secret is taken when it comes', async () => {
  await run('OperatorConfiguration');
  await runs();
  const valid = async () => {
    const object = (await lab.client.get(configurations, place)) as { status?: { conditions?: Condition[] } };
    return object.status?.conditions?.find(({ type }) => type === 'Valid');
  };
  const missing = 'infrastructure_roles_secret_name: there is no Secret default/infra';
  await eventually('status and event say what is missing', async () => {
    const condition = await valid();
    const isTold = (await told()).some((each) => each.includes(missing));
    return isTold && condition?.status === 'True' && condition.message.includes(missing);
  });
  await lab.client.create<Secret>(secrets, {
    metadata: roles,
    stringData: { user1: 'robot', password1: 'first' },
  });
  await canLogIn('robot', 'first');
  await eventually('the status is as before', async () => (await valid())?.message === 'it is in force');
});
