import type { Client } from '@pgherd/kube/client';
import { TransportError } from '@pgherd/kube/client';
import { ApiError, type KubeObject, type Pod } from '@pgherd/kube/objects';
import { PatroniError, patroniClient, type PatroniClient } from '@pgherd/patroni';
import { expect, test } from 'vitest';
import { kinds } from '../kinds.ts';
import type { Step, Track } from '../plan/step.ts';
import { carryOutPlan } from './carry-out-plan.ts';
import type { Hands, StepContext } from './executor.ts';

const context: StepContext = {
  namespace: 'default',
  name: 'acid-demo',
  superuser: { username: 'postgres', password: 'x' },
  declared: { roles: [], databases: [] },
  startedBefore: () => [],
  rolesSeen: () => {},
  letIn: () => {},
  databaseDone: () => {},
};

const poolerPod: Pod = {
  metadata: { name: 'acid-demo-pooler-a', labels: { 'connection-pooler': 'acid-demo-pooler' } },
  spec: { containers: [{ name: 'connection-pooler' }] },
  status: {
    containerStatuses: [
      {
        name: 'connection-pooler',
        image: '',
        imageID: '',
        ready: true,
        restartCount: 0,
        state: { running: { startedAt: '2026-01-01T00:00:00Z' } },
      },
    ],
  },
};

/** Hands that note what they did; calls whose name is in `failures` throw. */
function hands(failures: Record<string, unknown> = {}, members = standing): Hands & { did: string[] } {
  const did: string[] = [];
  const act = async (what: string) => {
    if (what in failures) throw failures[what];
    did.push(what);
  };
  const client: Partial<Client> = {
    apply: async (_kind, object) => {
      await act(`apply ${object.metadata.name}`);
      return object;
    },
    create: async (_kind, object) => {
      await act(`create ${object.metadata.name}`);
      return object;
    },
    delete: (_kind, { name }, options) => act(`delete ${name} ${options?.preconditions?.uid}`),
    list: (async () => ({ items: [poolerPod] })) as unknown as Client['list'],
    exec: async (_pod, { command: [, verb = ''] }) => {
      await act(`pooler ${verb}`);
      return {
        exitCode: 0,
        stdout: verb === 'pause' ? 'paused 0' : 'resumed 5 a server answers',
        stderr: '',
      };
    },
  };
  const patroni: PatroniClient = {
    ...patroniClient('192.0.2.1'),
    switchover: async ({ candidate }) => {
      await act(`switchover ${candidate}`);
      return 'ok';
    },
    restart: async () => {
      await act('restart');
      return 'restarted successfully';
    },
    wakeUp: () => act('wake up'),
  };
  return {
    did,
    client: client as Client,
    patroni: (address) => ({
      ...patroni,
      patroni: async () => ({
        state: 'running',
        role: '',
        pendingRestart: false,
        paused: false,
        replication: [],
        raw: {},
        ...members[address],
      }),
    }),
    database: {
      bringInLine: async () => ({ done: [], postponed: [], problems: [] }),
      checkpoint: (address) => act(`checkpoint ${address}`),
      look: async () => [],
    },
    written: () => {},
  };
}

function apply(name: string, more: Partial<Step> = {}): Step {
  return {
    what: `apply ${name}`,
    why: [],
    disturbs: 'nothing',
    action: { type: 'apply', kind: kinds.service, object: { metadata: { name } } },
    ...more,
  };
}

const switchover: Step = {
  what: 'switch over',
  why: [],
  disturbs: 'switchover',
  action: {
    type: 'switchover',
    leader: 'a',
    candidate: 'b',
    leaderAddress: '10.0.0.1',
    candidateAddress: '10.0.0.2',
    maximumLag: 16 * 1024 * 1024,
  },
};

/** What members answer about themselves, by address. */
const standing: Record<string, { timeline: number; location: number }> = {
  '10.0.0.1': { timeline: 1, location: 5 },
  '10.0.0.2': { timeline: 1, location: 5 },
};

const run = (world: Hands, ...tracks: Track[]) =>
  carryOutPlan(world, context, { tracks }, new AbortController().signal);

test('a track ends at a step that waits, that fails, or that must be looked at; others go on', async () => {
  const world = hands({ 'apply broken': new ApiError(422, 'Invalid', 'no') });
  const outcome = await run(
    world,
    { name: 'objects', steps: [apply('a'), apply('broken'), apply('b')] },
    { name: 'pods', steps: [apply('c', { observeAfter: true }), apply('d')] },
    { name: 'database', steps: [apply('e', { waitFor: 'something' }), apply('f')] },
  );
  expect(world.did).toEqual(['apply a', 'apply c']);
  expect(outcome.failures).toMatchObject([
    { reason: 'ObjectRefused', message: expect.stringMatching(/^no; /), transient: false },
  ]);
});

test('when the API server is away the pass ends', async () => {
  const world = hands({ 'apply a': new TransportError('https://x', 'ECONNREFUSED', 'refused') });
  await expect(run(world, { name: 'objects', steps: [apply('a')] })).rejects.toThrow('refused');
});

test('an admission webhook that does not answer is told, and holds up only what it is asked about', async () => {
  const said = 'Internal error occurred: failed calling webhook "w.example.org": connection refused';
  const world = hands({ 'apply a': new ApiError(500, 'InternalError', said) });
  const outcome = await run(
    world,
    { name: 'objects', steps: [apply('a')] },
    { name: 'pods', steps: [apply('b')] },
  );
  expect(world.did).toEqual(['apply b']);
  expect(outcome.failures).toMatchObject([{ reason: 'WebhookUnavailable', transient: false }]);
});

const pausing: Step = {
  ...switchover,
  poolers: {
    namespace: 'default',
    role: 'primary',
    paused: ['acid-demo-pooler'],
    limit: 20,
    afterwards: 'another',
    refreshed: [],
  },
};

test('poolers are paused at the last moment, and a step that fails resumes them', async () => {
  const world = hands();
  const { done } = await run(world, { name: 'pods', steps: [pausing] });
  expect(world.did).toEqual(['checkpoint 10.0.0.1', 'pooler pause', 'switchover b', 'pooler await']);
  expect(done[0]?.report.notes).toEqual(['ok', '1 pod of poolers was paused for 0.0 s']);

  const refusing = hands({ 'switchover b': new PatroniError('no candidate', 412) });
  await run(refusing, { name: 'pods', steps: [pausing] });
  expect(refusing.did.slice(-2)).toEqual(['pooler pause', 'pooler resume']);
});

test('a step that transactions of poolers put off is told as that, and as passing', async () => {
  const world = hands();
  world.client.exec = async () => ({ exitCode: 75, stdout: 'busy 1', stderr: '' });
  const { failures } = await run(world, { name: 'pods', steps: [pausing] });
  expect(failures).toMatchObject([{ reason: 'PoolersBusy', transient: true }]);
  expect(world.did).toEqual(['checkpoint 10.0.0.1']);
});

test('a Patroni that does not answer is a passing trouble, one that refuses is not', async () => {
  const silent = hands({ 'switchover b': new PatroniError('no answer') });
  expect((await run(silent, { name: 'pods', steps: [switchover] })).failures).toMatchObject([
    { transient: true },
  ]);
  const refusing = hands({ 'switchover b': new PatroniError('no candidate', 412) });
  expect((await run(refusing, { name: 'pods', steps: [switchover] })).failures).toMatchObject([
    { transient: false },
  ]);
});

test('a switchover goes only to a member that has caught up, as both say at that moment', async () => {
  const location = 1024 * 1024 * 1024;
  const attempt = async (candidate: { timeline: number; location: number }) => {
    const world = hands({}, { '10.0.0.1': { timeline: 3, location }, '10.0.0.2': candidate });
    const { failures } = await run(world, { name: 'pods', steps: [switchover] });
    return { did: world.did, failures: failures.map(({ message, transient }) => `${message} ${transient}`) };
  };
  expect(await attempt({ timeline: 3, location: location - 16 * 1024 * 1024 })).toEqual({
    did: ['checkpoint 10.0.0.1', 'switchover b'],
    failures: [],
  });
  expect(await attempt({ timeline: 3, location: location - 100 * 1024 * 1024 })).toEqual({
    did: [],
    failures: ['b is 100 MiB behind a, and may be 16: it is tried again when it has caught up true'],
  });
  expect(await attempt({ timeline: 2, location })).toEqual({
    did: [],
    failures: ['b is on timeline 2 and a on 3: it is tried again when they are on the same true'],
  });
});

test('a switchover does not go to a member that does not say where it is, or does not run', async () => {
  const silent = hands({}, { '10.0.0.1': { timeline: 1, location: 5 } });
  expect((await run(silent, { name: 'pods', steps: [switchover] })).failures).toMatchObject([
    { message: 'PostgreSQL of b does not say how far it is: it is asked again', transient: true },
  ]);
  const stopped = { timeline: 1, location: 5, state: 'stopped' };
  const world = hands({}, { ...standing, '10.0.0.2': stopped });
  expect((await run(world, { name: 'pods', steps: [switchover] })).failures).toHaveLength(1);
  expect([...silent.did, ...world.did]).toEqual([]);
});

test('a switchover looks again after the checkpoint, which may take long', async () => {
  const members = { ...standing };
  const world = hands({}, members);
  world.database.checkpoint = async () => {
    members['10.0.0.1'] = { timeline: 1, location: 1024 ** 3 };
  };
  expect((await run(world, { name: 'pods', steps: [switchover] })).failures).toMatchObject([
    { message: expect.stringContaining('behind a') },
  ]);
  expect(world.did).toEqual([]);
});

test('a checkpoint that fails holds nothing up', async () => {
  const world = hands({ 'checkpoint 10.0.0.1': new Error('no') });
  expect((await run(world, { name: 'pods', steps: [switchover] })).failures).toEqual([]);
  expect(world.did).toEqual(['switchover b']);
});

test('a replica that follows the primary with a lower setting restarts when it has replayed that', async () => {
  const members: typeof standing = { ...standing, '10.0.0.2': { timeline: 1, location: 3 } };
  const world = hands({}, members);
  const action = { type: 'restart', member: 'b', address: '10.0.0.2', follows: '10.0.0.1' } as const;
  const running = run(world, { name: 'configuration', steps: [{ ...switchover, action }] });
  await new Promise((resolve) => setImmediate(resolve));
  expect(world.did).toEqual([]);
  members['10.0.0.2'] = { timeline: 1, location: 5 };
  expect((await running).failures).toEqual([]);
  expect(world.did).toEqual(['restart', 'wake up']);
});

test('a restart that is no longer pending is no failure', async () => {
  const step: Step = { ...switchover, action: { type: 'restart', member: 'a', address: '' } };
  const late = new PatroniError(
    'POST /restart: Patroni answered 503: restart conditions are not satisfied',
    503,
  );
  const world = hands({ restart: late });
  expect((await run(world, { name: 'configuration', steps: [step] })).failures).toEqual([]);
  expect(world.did).toEqual(['wake up']);
  const busy = hands({ restart: new PatroniError('Patroni answered 503: reinitialize is in progress', 503) });
  expect((await run(busy, { name: 'configuration', steps: [step] })).failures).toHaveLength(1);
});

/** Takes the Secret `s` of a user of the cluster `default/acid-demo`; one with these labels is there already. */
async function takeSecret(labels: Record<string, string>, namespace: string, manifests: string[] = []) {
  const world = hands({ 'create s': new ApiError(409, 'AlreadyExists', 'exists') });
  const metadata = { name: 's', namespace, labels: { 'cluster-name': 'acid-demo' } };
  const owner = { cluster: 'acid-demo', namespace: 'default', label: 'cluster-name' };
  const object = { metadata, data: { password: 'x' } };
  const step: Step = { ...apply('s'), action: { type: 'create', kind: kinds.secret, object, owner } };
  const applied: unknown[] = [];
  world.client.apply = async (_kind, given) => {
    applied.push(given);
    return given;
  };
  const there: KubeObject = { metadata: { name: 's', namespace, uid: 'u', resourceVersion: '7', labels } };
  world.client.list = (async (kind: { plural: string }) => {
    const items = kind.plural === 'secrets' ? [there] : manifests.map((name) => ({ metadata: { name } }));
    return { items };
  }) as unknown as Client['list'];
  const { failures } = await run(world, { name: 'objects', steps: [step] });
  return { applied, failures: failures.map(({ message }) => message) };
}

test('a Secret that exists already keeps its contents and only gets our labels', async () => {
  const taken = {
    applied: [
      {
        metadata: {
          name: 's',
          namespace: 'default',
          uid: 'u',
          resourceVersion: '7',
          labels: { 'cluster-name': 'acid-demo' },
        },
      },
    ],
    failures: [],
  };
  expect(await takeSecret({}, 'default')).toEqual(taken);
  expect(await takeSecret({ 'cluster-name': 'acid-demo' }, 'default')).toEqual(taken);
});

test('a Secret of another cluster is not touched', async () => {
  const refused = async (labels: Record<string, string>, namespace: string, manifests?: string[]) => {
    const { applied, failures } = await takeSecret(labels, namespace, manifests);
    expect(applied).toEqual([]);
    return failures[0];
  };
  expect(await refused({ 'cluster-name': 'acid-other' }, 'default')).toMatch(
    'secret default/s belongs to the cluster default/acid-other; rename the role',
  );
  const marked = { 'cluster-name': 'acid-demo', 'pgherd.dev/cluster-namespace': 'elsewhere' };
  expect(await refused(marked, 'default')).toMatch('belongs to the cluster elsewhere/acid-demo');
  expect(await refused(marked, 'apps')).toMatch('belongs to the cluster elsewhere/acid-demo');
  // Of a cluster with our name in that namespace, or left by Zalando's operator for us.
  const unmarked = { 'cluster-name': 'acid-demo' };
  expect(await refused(unmarked, 'apps', ['acid-demo'])).toMatch('belongs to the cluster apps/acid-demo');
  expect((await takeSecret(unmarked, 'apps')).failures).toEqual([]);
});

test('only the very pod that was looked at is deleted', async () => {
  const world = hands({ 'delete p u1': new ApiError(409, 'Conflict', 'another uid') });
  const step: Step = {
    ...apply('p'),
    action: { type: 'delete', kind: kinds.pod, namespace: 'default', name: 'p', uid: 'u1' },
  };
  expect((await run(world, { name: 'pods', steps: [step] })).failures).toEqual([]);
  expect(world.did).toEqual([]);
});

test('what is new and exists already without our labels is foreign: it stays, and the failure says so', async () => {
  const labels = { 'cluster-name': 'acid-demo' };
  const object = { metadata: { namespace: 'default', name: 'acid-demo', labels } };
  const step = apply('acid-demo', { action: { type: 'apply', kind: kinds.service, object, isNew: true } });
  const attempt = async (existing: KubeObject[]) => {
    const world = hands();
    world.client.list = (async () => ({ metadata: {}, items: existing })) as Client['list'];
    return { ...(await run(world, { name: 'objects', steps: [step] })), did: world.did };
  };
  const foreign = await attempt([{ metadata: { ...object.metadata, labels: { app: 'shop' } } }]);
  expect(foreign.did).toEqual([]);
  expect(foreign.failures).toMatchObject([{ reason: 'ForeignObject', transient: false }]);
  expect(foreign.failures[0]?.message).toContain('service acid-demo in namespace default exists already');
  for (const ours of [[], [object]]) expect((await attempt(ours)).did).toEqual(['apply acid-demo']);
});

test("another cluster's Service is not written, whatever its name", async () => {
  const world = hands();
  const metadata = { name: 's', namespace: 'default', labels: { 'cluster-name': 'acid-demo-repl' } };
  const owner = { cluster: 'acid-demo', namespace: 'default', label: 'cluster-name' };
  const step: Step = {
    ...apply('s'),
    action: {
      type: 'apply',
      kind: kinds.service,
      object: { metadata: { name: 's', namespace: 'default' } },
      owner,
    },
  };
  world.client.list = (async () => ({ items: [{ metadata }] })) as unknown as Client['list'];
  const { failures } = await run(world, { name: 'objects', steps: [step] });
  expect(failures[0]?.message).toContain(
    'service default/s belongs to the cluster default/acid-demo-repl; one of the clusters needs another name',
  );
  world.client.list = (async () => ({ items: [] })) as unknown as Client['list'];
  expect((await run(world, { name: 'objects', steps: [step] })).failures).toEqual([]);
  expect(world.did).toEqual(['apply s']);
});
