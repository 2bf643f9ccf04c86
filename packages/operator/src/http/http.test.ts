import { request } from 'node:http';
import { defaultConfiguration, type Configuration, type Postgresql } from '@pgherd/api';
import type { KubeObject, Logger } from '@pgherd/kube/objects';
import { silentLogger } from '@pgherd/kube/objects';
import { HealthChecks } from '@pgherd/kube/runtime';
import { validate, type Schema } from '@pgherd/kube/schema';
import { afterEach, expect, test } from 'vitest';
import { testManifest } from '../testing/cluster.ts';
import { OperatorHttp, type OperatorParts } from './operator-http.ts';
import type { HttpServer } from './server.ts';

const stops: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

/** What the operator is like in a test. */
interface World {
  http: OperatorHttp;
  server: HttpServer;
  ready: HealthChecks;
  configuration: Configuration;
  waiting: string[];
  manifests: Postgresql[];
  objects: Map<string, KubeObject>;
}

const nobodyAsks = { create: () => Promise.reject(new Error('nobody is asked')) };

async function world(
  changes: { configuration?: Partial<Configuration>; log?: Logger; parts?: Partial<OperatorParts> } = {},
): Promise<World> {
  const configuration = { ...defaultConfiguration(), workers: 2, ...changes.configuration };
  const http = new OperatorHttp(() => ({ configuration, named: new Set() }), changes.log ?? silentLogger);
  const [waiting, manifests]: [string[], Postgresql[]] = [[], [testManifest()]];
  const objects = new Map<string, KubeObject>();
  const ready = new HealthChecks();
  const server = await http.listen(
    {
      client: nobodyAsks,
      works: () => ({
        caches: {
          manifests: () => manifests,
          get: (kind, namespace, name) => objects.get(`${kind.plural} ${namespace}/${name}`),
        },
        volumes: { list: () => [] },
        controller: { queue: { waiting } },
      }),
      isOwn: () => true,
      leadership: () => ({ identity: 'me', leader: 'other', leads: false }),
      facts: { namespace: 'ours', configMapName: '' },
      live: new HealthChecks(),
      ready,
      ...changes.parts,
    },
    '127.0.0.1',
    0,
  );
  stops.push(() => server.close());
  return { http, server, ready, configuration, waiting, manifests, objects };
}

interface Reply {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
}

/** A request as curl makes it: redirects are shown, not followed. */
function ask(
  { server }: World,
  path: string,
  headers: Record<string, string> = {},
  method = 'GET',
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ host: '127.0.0.1', port: server.port, path, method, headers }, (incoming) => {
      let text = '';
      incoming.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      incoming.on('end', () =>
        resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, text }),
      );
    });
    outgoing.on('error', reject).end();
  });
}

async function read(from: World, path: string): Promise<unknown> {
  return JSON.parse((await ask(from, path)).text) as unknown;
}

/** Runs `meanwhile` while a worker has the cluster. */
async function whileBusy(
  { http, manifests }: World,
  meanwhile: () => void | Promise<void>,
  key = 'default/acid-demo',
): Promise<void> {
  const isThere = () => manifests.some(({ metadata }) => key === `${metadata.namespace}/${metadata.name}`);
  await http.pass(key, async () => meanwhile(), isThere);
}

test('idle workers, their queues and their logs', async () => {
  const it = await world();
  expect(await read(it, '/workers/all/status/')).toEqual({ 0: 'idle', 1: 'idle' });
  expect(await read(it, '/workers/1/status')).toBe('idle');
  it.waiting.push('default/acid-demo', 'default/b', 'default/c');
  expect(await read(it, '/workers/all/queue/')).toMatchObject({
    0: {
      Keys: ['SYNC-uid-of-the-manifest', 'SYNC-default/c'],
      List: [{ EventType: 'SYNC', WorkerID: 0, NewSpec: { metadata: { name: 'acid-demo' } } }, {}],
    },
    1: { Keys: ['SYNC-default/b'] },
  });
  expect(await read(it, '/status/')).toMatchObject({ Clusters: 1, WorkerQueueSize: { 0: 2, 1: 1 } });
});

test('a worker tells which cluster it has, and what was logged about it', async () => {
  const it = await world();
  await whileBusy(it, async () => {
    it.http.log.warn({ cluster: 'default/acid-demo', step: 'x' }, 'step done');
    await whileBusy(
      it,
      async () => {
        expect(await read(it, '/workers/all/status')).toMatchObject({
          0: {
            CurrentCluster: { Namespace: 'default', Name: 'acid-demo' },
            CurrentProcess: { Name: 'Sync', StartTime: expect.stringContaining('T') },
          },
          1: { CurrentCluster: { Name: 'other' } },
        });
      },
      'default/other',
    );
  });
  expect(await read(it, '/workers/0/logs/')).toEqual([
    {
      Time: expect.any(String),
      Level: 'warning',
      Message: 'step done step=x',
      ClusterName: 'default/acid-demo',
    },
  ]);
  expect(await read(it, '/clusters/default/acid-demo/logs')).toEqual([
    { Time: expect.any(String), Level: 'warning', Message: 'step done step=x', Worker: 0 },
  ]);
  const status = (await read(it, '/status/')) as { LastSyncTime: number };
  expect(status.LastSyncTime).toBeGreaterThan(0);
});

test('logs and history are as long as the configuration says, and go with their cluster', async () => {
  const it = await world({ configuration: { ring_log_lines: 2, cluster_history_entries: 1 } });
  const change = (line: string) => ({ startedAt: new Date(), finishedAt: new Date(), lines: [line] });
  await whileBusy(it, () => {
    for (const word of ['a', 'b', 'c']) {
      it.http.log.info({ cluster: 'default/acid-demo' }, word);
      it.http.journal.changed('default/acid-demo', change(word));
    }
  });
  const logs = (await read(it, '/clusters/default/acid-demo/logs/')) as { Message: string }[];
  expect(logs.map(({ Message }) => Message)).toEqual(['b', 'c']);
  expect(await read(it, '/clusters/default/acid-demo/history/')).toMatchObject([{ Diff: ['c'] }]);
  it.configuration.ring_log_lines = 0;
  await whileBusy(it, () => it.http.log.info({ cluster: 'default/acid-demo' }, 'd'));
  expect(await read(it, '/clusters/default/acid-demo/logs')).toEqual([]);
  await whileBusy(it, () => void it.manifests.pop());
  it.manifests.push(testManifest());
  expect(await read(it, '/clusters/default/acid-demo/history')).toEqual([]);
});

test('clusters by team, databases, and one cluster with all that belongs to it', async () => {
  const it = await world();
  it.manifests.push({ ...testManifest({ teamId: 'ACID' }), metadata: { name: 'b', namespace: 'default' } });
  it.objects.set('services default/acid-demo', {
    metadata: { name: 'acid-demo', managedFields: [{ manager: 'pgherd' }] },
  });
  expect(await read(it, '/clusters/')).toEqual({ acid: ['acid-demo', 'b'] });
  expect(await read(it, '/clusters/Acid')).toEqual(['acid-demo', 'b']);
  expect(await read(it, '/clusters/acid/')).toEqual(['acid-demo', 'b']);
  expect(await read(it, '/databases/')).toEqual({ 'acid-demo': ['foo'], b: ['foo'] });
  expect(await read(it, '/clusters/default/acid-demo')).toMatchObject({
    Team: 'acid',
    Cluster: 'acid-demo',
    Namespace: 'default',
    MasterService: { metadata: { name: 'acid-demo' } },
    StatefulSet: null,
    CurrentProcess: { Name: '', StartTime: '0001-01-01T00:00:00Z' },
    Status: { PostgresClusterStatus: '' },
    Spec: { numberOfInstances: 2 },
    Error: null,
  });
  expect((await ask(it, '/clusters/default/acid-demo')).text).not.toContain('managedFields');
});

test.each([
  ['/clusters/nobody', 500],
  ['/clusters/default/nothing', 500],
  ['/clusters/default/nothing/logs', 500],
  ['/clusters/default/acid-demo/what', 500],
  ['/workers/2/status', 500],
  ['/workers/x/queue', 500],
  ['/workers/', 500],
  ['/elsewhere', 404],
  ['/clusters/constructor', 500],
  ['/%ff', 404],
])('%s is answered with %i and an error', async (path, status) => {
  const reply = await ask(await world(), path);
  expect(reply.status).toBe(status);
  expect(JSON.parse(reply.text)).toEqual({ error: expect.stringMatching(/./) });
});

test('paths of a whole subject are found without their slash too', async () => {
  const it = await world();
  for (const path of ['/clusters', '/status', '/config', '/databases']) {
    const { status, headers } = await ask(it, `${path}?a=b`);
    expect([status, headers['location']]).toEqual([301, `${path}/?a=b`]);
  }
  expect(await ask(it, '/status/', {}, 'POST')).toMatchObject({ status: 405 });
  expect(await ask(it, '/status/', {}, 'HEAD')).toMatchObject({ status: 200, text: '' });
});

test('the probes of kubelet are answered to everybody, as text and as JSON', async () => {
  const it = await world();
  const fromElsewhere = { host: '10.1.2.3:8080' };
  for (const path of ['/healthz', '/livez', '/readyz']) {
    expect(await ask(it, path, fromElsewhere)).toMatchObject({ status: 200, text: 'ok\n' });
  }
  expect(await ask(it, '/readyz/', fromElsewhere)).toMatchObject({ status: 200, text: '"OK"' });
  it.ready.add('caches', () => {
    throw new Error('not yet listed: pods');
  });
  expect(await ask(it, '/readyz')).toMatchObject({
    status: 503,
    text: 'FAILED caches: not yet listed: pods\n',
  });
  expect(await ask(it, '/readyz/')).toMatchObject({
    status: 503,
    text: '{"error":"caches: not yet listed: pods"}',
  });
});

test('every answer says who leads', async () => {
  const it = await world();
  const { headers } = await ask(it, '/healthz');
  expect(headers).toMatchObject({ 'x-pgherd-identity': 'me', 'x-pgherd-leader': 'other' });
  expect(await read(it, '/status/')).toMatchObject({ Identity: 'me', Leader: 'other', Leads: false });
  expect((await ask(it, '/metrics')).text).toContain('\npgherd_leader 0\n');
});

test.each([
  ['a name of another site (DNS rebinding)', { host: 'evil.example:8080' }],
  ['a page of another site', { 'sec-fetch-site': 'cross-site' }],
  ['a page of another origin', { origin: 'https://evil.example' }],
])('a browser that comes with %s reads nothing', async (_, headers) => {
  const reply = await ask(await world(), '/clusters/', headers);
  expect(reply.status).toBe(403);
  expect(reply.text).not.toContain('acid');
});

test('a proxy on this machine speaks for others, who need a token', async () => {
  expect(await ask(await world(), '/clusters/', { 'x-forwarded-for': '10.1.2.3' })).toMatchObject({
    status: 401,
    headers: { 'www-authenticate': 'Bearer' },
  });
});

test('each path is in the OpenAPI document, and answers are as it says', async () => {
  const it = await world();
  it.waiting.push('default/acid-demo');
  const change = { startedAt: new Date(), finishedAt: new Date(), lines: ['x'] };
  await whileBusy(it, () => {
    it.http.log.info({ cluster: 'default/acid-demo' }, 'a');
    it.http.journal.changed('default/acid-demo', change);
  });
  const document = (await read(it, '/openapi.json')) as {
    paths: Record<
      string,
      { get: { responses: Record<string, { content: Record<string, { schema: Schema }> }> } }
    >;
  };
  const paths = Object.keys(document.paths);
  for (const subject of ['databases', 'clusters', 'status', 'config', 'readyz']) {
    expect(paths).toContain(`/${subject}/`);
  }
  for (const path of [
    '/workers/all/queue',
    '/workers/{id}/logs',
    '/clusters/{namespace}/{cluster}/history',
  ]) {
    expect(paths).toContain(path);
  }
  await whileBusy(
    it,
    async () => {
      for (const path of paths) {
        const asked = path
          .replace('{team}', 'acid')
          .replace('{namespace}', 'default')
          .replace('{cluster}', 'acid-demo')
          .replace('{id}', '0');
        const reply = await ask(it, asked);
        expect([asked, reply.status]).toEqual([asked, 200]);
        const [type = '', content] =
          Object.entries(document.paths[path]?.get.responses['200']?.content ?? {})[0] ?? [];
        expect(reply.headers['content-type']).toContain(type);
        if (type !== 'application/json') continue;
        const answer: unknown = JSON.parse(reply.text);
        const schema = content?.schema ?? {};
        expect([path, validate(schema, answer)]).toEqual([path, []]);
      }
    },
    'default/other',
  );
});

test('/config/ has the names that people know, durations in nanoseconds, and no credentials', async () => {
  const it = await world({ configuration: { scalyr_api_key: 'hunter2' } });
  const answer = (await read(it, '/config/')) as { controller: object; operator: object };
  expect(answer.controller).toMatchObject({ Namespace: 'ours', NoDatabaseAccess: false });
  expect(answer.operator).toMatchObject({
    WatchedNamespace: '',
    DockerImage: it.configuration.docker_image,
    ResyncPeriod: 1_800_000_000_000,
    PodRoleLabel: 'spilo-role',
    EnableMasterLoadBalancer: false,
    WALES3Bucket: '',
    DefaultCPULimit: null,
    OAuthTokenSecretName: 'postgresql-operator',
    APIPort: 8080,
    ScalyrAPIKey: '(not shown)',
  });
});
