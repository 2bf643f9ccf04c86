import { request } from 'node:http';
import { configurationKeys, type Configuration, type Key, type PostgresqlStatus } from '@pgherd/api';
import {
  clusterRoleBindings,
  events,
  secrets,
  serviceAccounts,
  type KubeObject,
  type Logger,
} from '@pgherd/kube/objects';
import { validate, type Schema } from '@pgherd/kube/schema';
import { postgresqls } from '@pgherd/operator';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { OperatorLab } from '../support/operator-lab.ts';
import { PlayedCluster } from '../support/played-cluster.ts';

/** The operator's HTTP API, of an operator that works; what needs no Kubernetes is in `packages/operator/src/http`. */

const name = 'acid-demo';
const key = { namespace: 'default', name };

let lab: OperatorLab;

beforeEach(async () => {
  lab = await OperatorLab.start();
});

afterEach(() => lab.stop());

interface Reply {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
}

/** A request; from another address of loopback's network it comes from elsewhere. */
function ask(
  port: number,
  path: string,
  options: { token?: string; fromElsewhere?: boolean } = {},
): Promise<Reply> {
  const { token, fromElsewhere = false } = options;
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        host: '127.0.0.1',
        port,
        path,
        ...(fromElsewhere ? { localAddress: '127.0.0.2' } : {}),
        headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
      },
      (incoming) => {
        let text = '';
        incoming.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        incoming.on('end', () =>
          resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, text }),
        );
      },
    );
    outgoing.on('error', reject).end();
  });
}

async function createCluster(spec: Record<string, unknown> = {}): Promise<void> {
  await lab.client.create(postgresqls, {
    metadata: key,
    spec: {
      teamId: 'acid',
      numberOfInstances: 2,
      postgresql: { version: '17' },
      volume: { size: '1Gi' },
      users: { zalando: ['superuser'] },
      databases: { foo: 'zalando' },
      ...spec,
    },
  });
  const played = new PlayedCluster(lab.client, name, 'endpoints');
  lab.stopLater(() => played.stop());
  await eventually(
    'the cluster runs',
    async () => {
      const { status } = (await lab.client.get(postgresqls, key)) as { status?: PostgresqlStatus };
      if (status?.PostgresClusterStatus !== 'Running') throw new Error(JSON.stringify(status));
      return true;
    },
    { timeoutMs: 10_000 },
  );
}

type Document = {
  paths: Record<
    string,
    { get: { responses: Record<string, { content: Record<string, { schema: Schema }> }> } }
  >;
};

/** Every path of the document for the cluster, with the schema of its answer. */
async function everyPath(port: number): Promise<{ path: string; schema: Schema | undefined }[]> {
  const { paths } = JSON.parse((await ask(port, '/openapi.json')).text) as Document;
  return Object.entries(paths).map(([path, { get }]) => ({
    path: path
      .replace('{team}', 'acid')
      .replace('{namespace}', 'default')
      .replace('{cluster}', name)
      .replace('{id}', '0'),
    schema: get.responses['200']?.content['application/json']?.schema,
  }));
}

test('what is answered about a cluster is as the OpenAPI document says', async () => {
  const port = await lab.operate().port;
  await createCluster();
  for (const { path, schema } of await everyPath(port)) {
    const reply = await ask(port, path);
    expect([path, reply.status]).toEqual([path, 200]);
    const errors = schema === undefined ? [] : validate(schema, JSON.parse(reply.text));
    expect([path, errors]).toEqual([path, []]);
  }
  const read = async (path: string): Promise<unknown> => JSON.parse((await ask(port, path)).text);
  expect(await read(`/clusters/default/${name}`)).toMatchObject({
    MasterService: { metadata: { name } },
    ReplicaService: { metadata: { name: `${name}-repl` } },
    MasterEndpoint: { metadata: { name } },
    StatefulSet: { spec: { replicas: 2 } },
    PrimaryPodDisruptionBudget: { metadata: { name: `postgres-${name}-pdb` } },
    Status: { PostgresClusterStatus: 'Running', readyInstances: 2 },
    Error: null,
  });
  const history = (await read(`/clusters/default/${name}/history`)) as { Diff: string[] }[];
  expect(history.flatMap(({ Diff }) => Diff)).toContainEqual(expect.stringMatching(/statefulset acid-demo/));
  const logs = (await read(`/clusters/default/${name}/logs`)) as { Message: string; Worker: number }[];
  expect(logs.map(({ Message }) => Message)).toContainEqual(
    expect.stringMatching(/^status changed .*to=Running/),
  );
  expect(logs.every(({ Worker }) => Worker >= 0)).toBe(true);
  await eventually('the workers are idle', async () =>
    Object.values((await read('/workers/all/status/')) as object).every((status) => status === 'idle'),
  );
  expect(await ask(port, '/metrics')).toMatchObject({
    text: expect.stringContaining('pgherd_clusters{status="Running"} 1'),
  });
});

test('from elsewhere only those are answered who may get the path', async () => {
  const port = await lab.operate({}, { httpHost: '0.0.0.0' }).port;
  const fromElsewhere = true;
  expect(await ask(port, '/clusters/')).toMatchObject({ status: 200 });
  expect(await ask(port, '/healthz', { fromElsewhere })).toMatchObject({ status: 200 });
  expect(await ask(port, '/clusters/', { fromElsewhere })).toMatchObject({ status: 401 });
  expect(await ask(port, '/clusters/', { fromElsewhere, token: 'nobodys' })).toMatchObject({ status: 401 });

  for (const account of ['stranger', 'viewer']) {
    await lab.client.create(serviceAccounts, { metadata: { namespace: 'default', name: account } });
  }
  const tokenOf = async (account: string) =>
    (await lab.client.createToken({ namespace: 'default', name: account })).token;
  await lab.client.create(clusterRoleBindings, {
    metadata: { name: 'viewer' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'pgherd-operator-viewer' },
    subjects: [{ kind: 'ServiceAccount', namespace: 'default', name: 'viewer' }],
  });
  const stranger = { fromElsewhere, token: await tokenOf('stranger') };
  await eventually('it is ready', async () => (await ask(port, '/readyz')).status === 200);
  const viewer = { fromElsewhere, token: await tokenOf('viewer') };
  for (const { path } of await everyPath(port)) {
    const isOpen = /^\/(healthz|livez|readyz)/.test(path);
    expect([path, (await ask(port, path, stranger)).status]).toEqual([path, isOpen ? 200 : 403]);
    expect([path, [401, 403]]).not.toEqual([
      path,
      expect.arrayContaining([(await ask(port, path, viewer)).status]),
    ]);
  }
  expect((await ask(port, '/clusters/', stranger)).text).toContain('pgherd-operator-viewer');

  // Who asks again is not asked about again.
  const reviews = async () => {
    const { text } = await ask(port, '/metrics');
    return text.split('\n').filter((line) => /^pgherd_kubernetes_requests_total.*reviews/.test(line));
  };
  const before = await reviews();
  expect(before.length).toBeGreaterThan(0);
  await ask(port, '/clusters/', viewer);
  expect(await reviews()).toEqual(before);
});

test('a replica that waits answers too, and says who leads', async () => {
  const first = await lab.operate({}, { identity: 'first' }).port;
  const leads = async (port: number) => JSON.parse((await ask(port, '/status/')).text) as { Leads: boolean };
  await eventually('it leads', async () => (await leads(first)).Leads);
  const second = await lab.operate({}, { identity: 'second' }).port;
  await createCluster();
  await eventually('the second knows who leads', async () => {
    const { headers } = await ask(second, '/status/');
    return headers['x-pgherd-leader'] === 'first';
  });
  expect(await leads(second)).toMatchObject({
    Identity: 'second',
    Leader: 'first',
    Leads: false,
    Clusters: 1,
  });
  expect((await ask(second, '/metrics')).text).toContain('\npgherd_leader 0\n');
  expect(JSON.parse((await ask(second, '/clusters/')).text)).toEqual({ acid: [name] });
});

test('no secret is in any answer, log, event or status', async () => {
  const credentials = Object.fromEntries(
    Object.entries(configurationKeys).flatMap(([each, definition]) =>
      (definition as Key<unknown>).secret === true ? [[each, `credential-of-${each}`]] : [],
    ),
  ) as Partial<Configuration>;
  expect(Object.keys(credentials).length).toBeGreaterThan(3);
  const lines: string[] = [];
  const write = (fields: Record<string, unknown>, message: string) => {
    const err = fields['err'] instanceof Error ? (fields['err'].stack ?? '') : '';
    lines.push(`${JSON.stringify(fields)} ${err} ${message}`);
  };
  const log: Logger = { debug: write, info: write, warn: write, error: write };
  const port = await lab.operate(credentials, {
    log,
  }).port;
  const inManifest = ['manifest-secret-1', 'manifest-secret-2', 'manifest-secret-3'];
  await createCluster({
    numberOfInstances: 1,
    env: [
      { name: 'MY_API_TOKEN', value: inManifest[0] },
      { name: 'ELSEWHERE', value: `postgres://me:${inManifest[1]}@elsewhere/db` },
    ],
    sidecars: [{ name: 'shipper', image: 'x', env: [{ name: 'DB_PASSWORD', value: inManifest[2] }] }],
  });
  // What changed is told, in plans, events and logs.
  const changed = ['manifest-secret-4', 'manifest-secret-5'];
  const env = [
    { name: 'MY_API_TOKEN', value: changed[0] },
    { name: 'ELSEWHERE', value: `postgres://me:${changed[1]}@elsewhere/db` },
  ];
  await lab.client.patch(postgresqls, key, { type: 'merge', body: { spec: { env } } });
  await eventually('the change is rolled out', async () => {
    const { metadata, status } = (await lab.client.get(postgresqls, key)) as KubeObject & {
      status?: PostgresqlStatus;
    };
    const isSeen = status?.observedGeneration === metadata.generation;
    if (!isSeen || status?.PostgresClusterStatus !== 'Running') throw new Error(JSON.stringify(status));
    return true;
  });
  const { items } = await lab.client.list(secrets, { namespace: 'default' });
  const passwords = items.flatMap(({ data }) => {
    const encoded = data?.['password'];
    return encoded === undefined ? [] : [encoded, Buffer.from(encoded, 'base64').toString()];
  });
  expect(passwords.length).toBeGreaterThanOrEqual(6);
  const secret = [...(Object.values(credentials) as string[]), ...inManifest, ...changed, ...passwords];
  const told = (await everyPath(port)).map(async ({ path }) => (await ask(port, path)).text);
  const { items: allEvents } = await lab.client.list(events, { namespace: 'default' });
  const { status } = (await lab.client.get(postgresqls, key)) as { status?: PostgresqlStatus };
  const everything = [
    ...(await Promise.all(told)),
    ...lines,
    JSON.stringify(allEvents),
    JSON.stringify(status),
  ];
  expect(everything.length).toBeGreaterThan(20);
  for (const value of secret) {
    expect(everything.filter((text) => text.includes(value)).map((text) => text.slice(0, 300))).toEqual([]);
  }
});
