import type { ExecOptions, ExecResult } from '@pgherd/kube/client';
import { ApiError, type Pod } from '@pgherd/kube/objects';
import { expect, test } from 'vitest';
import type { PoolerPause } from '../poolers/pause.ts';
import { pausingPoolers, PoolersBusyError, type PauseEnd, type PodAccess } from './pause-poolers.ts';

const poolers: PoolerPause = {
  namespace: 'default',
  role: 'primary',
  paused: ['acid-demo-pooler'],
  limit: 20,
  afterwards: 'another',
  refreshed: ['acid-demo-pooler-repl'],
};

/** What the command `pooler` prints, or how it fails, by pod and verb; by default all goes well. */
type Answers = Record<string, Partial<ExecResult> | Error>;

const well: Record<string, string> = {
  pause: 'paused 0\n',
  await: 'resumed 1234 a server answers\n',
  resume: 'resumed 100 a server answers\n',
  refresh: 'refreshing\n',
};

function pod(name: string, pooler: string, { mode = 'transaction', running = true } = {}): Pod {
  const env = [{ name: 'CONNECTION_POOLER_MODE', value: mode }];
  const state = running ? { running: { startedAt: '2026-01-01T00:00:00Z' } } : {};
  const status = {
    name: 'connection-pooler',
    image: '',
    imageID: '',
    ready: running,
    restartCount: 0,
    state,
  };
  return {
    metadata: { name, labels: { 'connection-pooler': pooler } },
    spec: { containers: [{ name: 'connection-pooler', env }] },
    status: { containerStatuses: [status] },
  };
}

/** Pods that note what they are asked for. */
function podsThat(answers: Answers = {}, only?: string[]) {
  const asked: string[] = [];
  const exec = async ({ name }: { name: string }, { command }: ExecOptions): Promise<ExecResult> => {
    const [program, verb = '', id, ...words] = command;
    expect([program, id]).toEqual(['pooler', expect.stringMatching(/^[0-9a-f-]{36}$/)]);
    asked.push([name, verb, ...words].join(' '));
    const answer = answers[`${name} ${verb}`] ?? { stdout: well[verb] ?? '' };
    if (answer instanceof Error) throw answer;
    return { exitCode: 0, stdout: '', stderr: '', ...answer };
  };
  // What nobody can pause is left out.
  const items = [
    pod('b', 'acid-demo-pooler'),
    pod('a', 'acid-demo-pooler'),
    pod('r', 'acid-demo-pooler-repl'),
    pod('s', 'acid-demo-pooler', { mode: 'session' }),
    pod('w', 'acid-demo-pooler', { running: false }),
  ].filter(({ metadata }) => only === undefined || only.includes(metadata?.name ?? ''));
  const list = (async () => ({ items })) as unknown as PodAccess['list'];
  return { asked, exec, list };
}

/** Acts with these pods; answers what it tells, and in which order all of it happened. */
async function acted(
  answers: Answers,
  more: Partial<PoolerPause> = {},
  { failure, only }: { failure?: Error; only?: string[] } = {},
) {
  const pods = podsThat(answers, only);
  const act = async (pause: () => Promise<void>) => {
    await pause();
    pods.asked.push('act');
    if (failure !== undefined) throw failure;
    return 'done';
  };
  const ends: PauseEnd[] = [];
  const told = await pausingPoolers(pods, { ...poolers, ...more }, act, (end) => ends.push(end)).catch(
    (error: unknown) => error,
  );
  return { told, asked: pods.asked, ends };
}

test('all are paused before it is acted, and it is told how long clients waited', async () => {
  const { told, asked, ends } = await acted({
    'b await': { stdout: 'resumed 2345 it reached its limit\n' },
  });
  expect(ends).toEqual([
    { outcome: 'another', ms: 1234 },
    { outcome: 'limit', ms: 2345 },
  ]);
  expect(told).toEqual({
    result: 'done',
    notes: ['2 pods of poolers were paused for 2.3 s, 1 of them until the limit'],
  });
  expect(asked.slice(0, 3)).toEqual(['a pause primary 5 20 0 -', 'b pause primary 5 20 0 -', 'act']);
  expect(asked.slice(3).sort()).toEqual(['a await', 'b await', 'r refresh replica 60']);
});

test('a pod that is replaced is not waited for', async () => {
  const { told, asked, ends } = await acted(
    {},
    { afterwards: 'way', role: 'replica', leaving: '10.0.0.2', cuts: true },
  );
  expect(told).toEqual({ result: 'done', notes: ['2 pods of poolers were paused until a server is back'] });
  expect(ends).toEqual([{ outcome: 'unknown' }, { outcome: 'unknown' }]);
  expect(asked[0]).toBe('a pause replica 5 20 1 10.0.0.2');
  expect(asked.at(-1)).toBe('r refresh replica 60');
});

test('transactions that do not end: it is not acted, and nobody stays paused', async () => {
  const { told, asked, ends } = await acted({ 'b pause': { exitCode: 75, stdout: 'busy 2\n' } });
  expect(ends).toEqual([{ outcome: 'busy' }, { outcome: 'another', ms: 100 }]);
  expect(told).toBeInstanceOf(PoolersBusyError);
  expect((told as Error).message).toContain('(2 through b)');
  expect(asked).not.toContain('act');
  expect(asked).toContain('a resume');
  expect(asked).not.toContain('b resume');
});

test('those that are cut are told', async () => {
  const { told } = await acted({ 'a pause': { stdout: 'paused 3\n' } }, { cuts: true });
  expect(told).toMatchObject({
    notes: [
      '3 transactions through pooler a did not end and were cut',
      expect.stringContaining('were paused'),
    ],
  });
});

test('when acting fails, clients go on with the server of before', async () => {
  const failure = new Error('Patroni refuses');
  const { told, asked } = await acted({}, {}, { failure });
  expect(told).toBe(failure);
  expect(asked.slice(3)).toEqual(['a resume', 'b resume']);
});

test('a pooler that cannot be paused keeps nobody from acting', async () => {
  const { told, asked } = await acted({
    'a pause': new ApiError(403, 'Forbidden', 'pods "a" is forbidden'),
    'b pause': { exitCode: 127, stderr: 'sh: pooler: not found\n' },
  });
  expect(told).toEqual({
    result: 'done',
    notes: [
      'pooler a was not paused: pods "a" is forbidden',
      'pooler b was not paused: sh: pooler: not found',
    ],
  });
  expect(asked).not.toContain('a await');
});

test('a pause of somebody else is left alone', async () => {
  const { told, asked } = await acted({ 'a pause': { stdout: 'held 0\n' } }, {}, { only: ['a', 'r'] });
  expect(told).toEqual({ result: 'done', notes: ['pooler a was not paused: somebody else has paused it'] });
  expect(asked).toEqual(['a pause primary 5 20 0 -', 'act', 'r refresh replica 60']);
});

test('without poolers it is just acted', async () => {
  const pods = podsThat();
  expect(await pausingPoolers(pods, undefined, async (pause) => pause())).toEqual({
    result: undefined,
    notes: [],
  });
  expect(pods.asked).toEqual([]);
});

test('when it cannot be found out what there is to pause, it is not acted; who may not look acts', async () => {
  const listing = (error: Error) => ({
    ...podsThat(),
    list: (async () => {
      throw error;
    }) as unknown as PodAccess['list'],
  });
  const acts = { count: 0 };
  const act = async (pause: () => Promise<void>) => {
    await pause();
    acts.count += 1;
  };
  const broken = listing(new ApiError(503, 'ServiceUnavailable', 'no'));
  await expect(pausingPoolers(broken, poolers, act)).rejects.toThrow('no');
  expect(acts.count).toBe(0);
  await pausingPoolers(listing(new ApiError(403, 'Forbidden', 'no')), poolers, act);
  expect(acts.count).toBe(1);
});
