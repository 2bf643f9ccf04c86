import type { PostgresqlStatus } from '@pgherd/api';
import { events } from '@pgherd/kube/objects';
import { postgresqls, type DatabaseAccess } from '@pgherd/operator';
import { connect, type Connection } from '@pgherd/postgres';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { OperatorLab } from '../support/operator-lab.ts';
import { PlayedCluster } from '../support/played-cluster.ts';
import { startPostgres, type PostgresServer } from '../support/postgres-server.ts';
import { accessTo } from '../support/reach-server.ts';

/** What somebody changes inside PostgreSQL by hand. API server and PostgreSQL are real; node and Patroni are played. */

const key = { namespace: 'default', name: 'acid-demo' };

let lab: OperatorLab;
let server: PostgresServer;
let superuser: Connection;

beforeEach(async () => {
  [lab, server] = await Promise.all([OperatorLab.start(), startPostgres()]);
  const { host, port, password } = server;
  superuser = await connect({ host, port, user: 'postgres', password, database: 'postgres' });
});

afterEach(async () => {
  await superuser?.close();
  await lab?.stop();
  await server?.stop();
});

/** Counts how often the server is looked at and worked on. */
function counted(access: DatabaseAccess): { access: DatabaseAccess; looks: number; works: number } {
  const count = {
    looks: 0,
    works: 0,
    access: {
      bringInLine: (...question: Parameters<DatabaseAccess['bringInLine']>) => {
        count.works += 1;
        return access.bringInLine(...question);
      },
      look: (...question: Parameters<DatabaseAccess['look']>) => {
        count.looks += 1;
        return access.look(...question);
      },
    },
  };
  return count;
}

async function runCluster(resyncPeriodMs: number): Promise<ReturnType<typeof counted>> {
  const count = counted(accessTo(server));
  lab.operate({ resync_period: resyncPeriodMs }, { database: count.access });
  await lab.client.create(postgresqls, {
    metadata: key,
    spec: {
      teamId: 'acid',
      numberOfInstances: 1,
      postgresql: { version: '17' },
      volume: { size: '1Gi' },
      users: { app: ['createdb'] },
      databases: { shop: 'app' },
    },
  });
  const played = new PlayedCluster(lab.client, key.name, 'endpoints');
  lab.stopLater(() => played.stop());
  await eventually('the cluster runs', async () => {
    const { status } = (await lab.client.get(postgresqls, key)) as { status?: PostgresqlStatus };
    return status?.PostgresClusterStatus === 'Running';
  });
  await eventually('the database was brought in line', () => count.works > 0);
  return count;
}

const drifts = async (): Promise<string[]> => {
  const { items } = await lab.client.list(events, { namespace: key.namespace });
  return items.filter(({ reason }) => reason === 'Drift').map(({ message }) => message ?? '');
};

test('a role changed and a database given away by hand: found, put right and told', async () => {
  await runCluster(300);
  await superuser.query('alter role app nocreatedb');
  await superuser.query('alter database shop owner to postgres');
  await eventually('all is as declared', async () => {
    const [row] = await superuser.query(
      "select rolcreatedb as createdb, datdba = r.oid as owns from pg_roles r, pg_database where rolname = 'app' and datname = 'shop'",
    );
    return row?.['createdb'] === true && row['owns'] === true;
  });
  await eventually('an event tells of it', async () => {
    const told = (await drifts()).join(' ');
    return told.includes('change role app') && told.includes('change owner of database shop');
  });
});

test('what nobody changed is looked at and left alone', async () => {
  const count = await runCluster(200);
  const worked = count.works;
  await eventually('three rounds', () => count.looks >= 3);
  expect(count.works).toBe(worked);
  expect(await drifts()).toEqual([]);
});

test('a superuser whose password was changed by hand is told of', async () => {
  await runCluster(200);
  await superuser.query("alter role postgres password 'another'");
  await eventually('the status says that nobody gets in', async () => {
    const { status } = (await lab.client.get(postgresqls, key)) as { status?: PostgresqlStatus };
    return JSON.stringify(status).includes('password authentication failed');
  });
});

test('what cannot be carried out stays told, is tried more and more slowly, and at once when it is declared otherwise', async () => {
  const count = await runCluster(0);
  const declare = (extension: string) =>
    lab.client.patch(postgresqls, key, {
      type: 'merge',
      body: { spec: { preparedDatabases: { bar: { extensions: { [extension]: 'data' } } } } },
    });
  const statusText = async () => {
    const { status } = (await lab.client.get(postgresqls, key)) as { status?: PostgresqlStatus };
    return JSON.stringify(status);
  };
  await declare('no_such_extension');
  await eventually('it waits', async () => (await statusText()).includes('since PostgreSQL refused a part'));
  expect(await statusText()).toContain('the server does not have it');
  const worked = count.works;
  await declare('nor_this_one');
  await eventually('the other one is tried', async () => (await statusText()).includes('nor_this_one'));
  expect(count.works).toBeGreaterThan(worked);
});
