import type { PostgresqlStatus } from '@pgherd/api';
import type { Client } from '@pgherd/kube/client';
import {
  cronJobs,
  deployments,
  endpoints,
  namespaces,
  secrets,
  services,
  type ResourceType,
} from '@pgherd/kube/objects';
import { postgresqls } from '@pgherd/operator';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { OperatorLab } from '../support/operator-lab.ts';
import { PlayedCluster } from '../support/played-cluster.ts';

/** What a manifest switches on and off beside the database, against the real API server; node and Patroni are played. */

const name = 'acid-demo';
const key = { namespace: 'default', name };

let lab: OperatorLab;
let client: Client;

beforeEach(async () => {
  lab = await OperatorLab.start();
  ({ client } = lab);
});

afterEach(() => lab.stop());

async function create(spec: Record<string, unknown>, metadata: object = {}): Promise<void> {
  await client.create(postgresqls, {
    metadata: { ...key, ...metadata },
    spec: {
      teamId: 'acid',
      numberOfInstances: 1,
      postgresql: { version: '17' },
      volume: { size: '1Gi' },
      ...spec,
    },
  });
  const played = new PlayedCluster(client, name, 'endpoints');
  lab.stopLater(() => played.stop());
  await running();
}

async function change(spec: Record<string, unknown>): Promise<void> {
  await client.patch(postgresqls, key, { type: 'merge', body: { spec } });
  await running();
}

const running = () =>
  eventually('the cluster runs as its manifest says', async () => {
    const { metadata, status } = (await client.get(postgresqls, key)) as {
      metadata: { generation?: number };
      status?: PostgresqlStatus;
    };
    return status?.PostgresClusterStatus === 'Running' && status.observedGeneration === metadata.generation;
  });

const exists = async (kind: ResourceType, object: string, namespace = 'default') =>
  (await client.find(kind, { namespace, name: object })) !== undefined;

/** What there is of poolers and backups. */
async function parts(): Promise<string[]> {
  const lists = await Promise.all(
    [deployments, services, secrets, cronJobs].map(async (kind: ResourceType) => {
      const { items } = await client.list(kind, { namespace: 'default' });
      return items.map(({ metadata }) => `${kind.plural} ${metadata.name}`);
    }),
  );
  return lists
    .flat()
    .filter((each) => /pooler|backup/.test(each))
    .sort();
}

const ofPooler = [
  'deployments acid-demo-pooler',
  'secrets acid-demo-pooler-u',
  'secrets pooler.acid-demo.credentials.postgresql.acid.zalan.do',
  'services acid-demo-pooler',
];

test('pooler and backup come and go with the manifest', async () => {
  lab.operate();
  await create({ users: { foo: [] } });
  expect(await parts()).toEqual([]);

  await change({ enableConnectionPooler: true, enableLogicalBackup: true });
  expect(await parts()).toEqual(['cronjobs logical-backup-acid-demo', ...ofPooler]);
  const list = await client.get(secrets, { ...key, name: 'acid-demo-pooler-u' });
  const role = await client.get(secrets, { ...key, name: ofPooler[2]?.split(' ')[1] ?? '' });
  const decode = (text = '') => Buffer.from(text, 'base64').toString();
  expect(decode(list.data?.['userlist.txt'])).toBe(`"pooler" "${decode(role.data?.['password'])}"\n`);
  // A list of users is no Secret of a role: that it has no password is no trouble.
  const { status } = (await client.get(postgresqls, key)) as { status?: PostgresqlStatus };
  expect(status?.conditions).toContainEqual(expect.objectContaining({ type: 'Degraded', status: 'False' }));

  // What somebody changes by hand is put right, whatever the field.
  const pooler = { ...key, name: 'acid-demo-pooler' };
  const body = { spec: { template: { spec: { tolerations: [{ key: 'by-hand', operator: 'Exists' }] } } } };
  await client.patch(deployments, pooler, { type: 'merge', body });
  await eventually('the toleration is gone', async () => {
    const { spec } = await client.get(deployments, pooler);
    return (spec?.template.spec?.tolerations ?? []).length === 0;
  });

  // Its Service is made a load balancer, and leaves nothing of it behind.
  const plain = (await client.get(services, pooler)).spec;
  await change({ enableMasterPoolerLoadBalancer: true, allowedSourceRanges: ['10.0.0.0/8'] });
  expect((await client.get(services, pooler)).spec).toMatchObject({
    type: 'LoadBalancer',
    loadBalancerSourceRanges: ['10.0.0.0/8'],
    externalTrafficPolicy: 'Cluster',
  });
  await change({ enableMasterPoolerLoadBalancer: false });
  const { loadBalancerSourceRanges = [], ...after } = (await client.get(services, pooler)).spec ?? {};
  const { loadBalancerSourceRanges: _none, ...before } = plain ?? {};
  expect(loadBalancerSourceRanges).toEqual([]);
  expect(after).toEqual(before);

  await change({ enableConnectionPooler: false, enableLogicalBackup: false });
  await eventually('pooler and backup are gone', async () => (await parts()).length === 0);
});

test('a backup that was switched off while no operator ran goes, and everything with the cluster', async () => {
  const first = lab.operate();
  await create({ enableLogicalBackup: true, connectionPooler: {} });
  expect(await parts()).toEqual(['cronjobs logical-backup-acid-demo', ...ofPooler]);
  await first.stop();
  await client.patch(postgresqls, key, { type: 'merge', body: { spec: { enableLogicalBackup: null } } });
  lab.operate();
  await eventually('the backup is gone', async () => !(await exists(cronJobs, 'logical-backup-acid-demo')));
  expect(await parts()).toEqual(ofPooler);
  await client.delete(postgresqls, key);
  await eventually('the cluster is gone', async () => (await client.find(postgresqls, key)) === undefined);
  expect(await parts()).toEqual([]);
});

test('Secrets in other namespaces are made, found again, and go with their cluster; others stay', async () => {
  const secret = (user: string) => `${user}.acid-demo.credentials.postgresql.acid.zalan.do`;
  await client.create(namespaces, { metadata: { name: 'apps' } });
  // Of another cluster of the same name.
  const labels = {
    application: 'spilo',
    'cluster-name': name,
    'pgherd.dev/cluster-namespace': 'elsewhere',
  };
  const theirs = { metadata: { namespace: 'apps', name: secret('apps.theirs'), labels }, data: {} };
  await client.create(secrets, theirs);
  // It may be right here, too.
  const here = { namespace: 'default', name: secret('default.theirs') };
  const username = Buffer.from('default.theirs').toString('base64');
  await client.create(secrets, { metadata: { ...here, labels }, data: { username } });
  const first = lab.operate({ enable_cross_namespace_secret: true, watched_namespace: '*' });
  await create({ users: { 'apps.reader': [], plain: [] } });
  const made = await client.get(secrets, { namespace: 'apps', name: secret('apps.reader') });
  expect(made.metadata.labels).toMatchObject({ 'pgherd.dev/cluster-namespace': 'default' });
  expect(await exists(secrets, secret('apps.reader'))).toBe(false);
  expect(await exists(secrets, secret('plain'))).toBe(true);

  // The next operator knows it, too.
  await first.stop();
  lab.operate({ enable_cross_namespace_secret: true, watched_namespace: '*' });
  await change({ numberOfInstances: 2 });
  const again = await client.get(secrets, { namespace: 'apps', name: secret('apps.reader') });
  expect(again.metadata.uid).toBe(made.metadata.uid);
  expect(again.data).toEqual(made.data);

  await client.delete(postgresqls, key);
  await eventually('the cluster is gone', async () => (await client.find(postgresqls, key)) === undefined);
  expect(await exists(secrets, secret('apps.reader'), 'apps')).toBe(false);
  expect(
    (await client.get(secrets, { namespace: 'apps', name: secret('apps.theirs') })).metadata.labels,
  ).toEqual(labels);
});

test('a Secret of another cluster is an error that names it, and is not written', async () => {
  await client.create(namespaces, { metadata: { name: 'apps' } });
  const labels = { application: 'spilo', 'cluster-name': name, 'pgherd.dev/cluster-namespace': 'elsewhere' };
  const taken = { namespace: 'apps', name: 'apps.reader.acid-demo.credentials.postgresql.acid.zalan.do' };
  const before = await client.create(secrets, { metadata: { ...taken, labels }, data: { password: 'eA==' } });
  lab.operate({ enable_cross_namespace_secret: true, watched_namespace: '*' });
  await client.create(postgresqls, {
    metadata: key,
    spec: {
      teamId: 'acid',
      numberOfInstances: 1,
      postgresql: { version: '17' },
      volume: { size: '1Gi' },
      users: { 'apps.reader': [] },
    },
  });
  await eventually('the clash is told', async () =>
    JSON.stringify((await client.get(postgresqls, key))['status'] ?? {}).includes(
      'belongs to the cluster elsewhere/acid-demo',
    ),
  );
  expect(await client.get(secrets, taken)).toEqual(before);
});

test('what Patroni makes inherits annotations and owners, and loses them again', async () => {
  lab.operate({ inherited_annotations: ['owned-by'], enable_owner_references: true });
  await create({}, { annotations: { 'owned-by': 'me' } });
  const config = { ...key, name: `${name}-config` };
  const read = async () => (await client.get(endpoints, config)).metadata;
  await eventually('the annotation is there', async () => (await read()).annotations?.['owned-by'] === 'me');
  const { annotations, ownerReferences } = await read();
  expect(ownerReferences).toMatchObject([{ kind: 'postgresql', name, controller: true }]);
  expect(annotations).toHaveProperty('config');
  await client.patch(postgresqls, key, {
    type: 'merge',
    body: { metadata: { annotations: { 'owned-by': null } } },
  });
  await eventually(
    'the annotation is gone',
    async () => (await read()).annotations?.['owned-by'] === undefined,
  );
  expect((await read()).annotations).toHaveProperty('config');
});
