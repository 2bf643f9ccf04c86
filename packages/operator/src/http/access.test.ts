import type { Client } from '@pgherd/kube/client';
import { expect, test } from 'vitest';
import { Access } from './access.ts';

/** An API server that knows the token `good`, whose bearer may get `/status/` and nothing else. */
function apiServer() {
  let [now, isAway] = [0, false];
  const asked: string[] = [];
  const create = async ({ plural }: { plural: string }, { spec }: { spec: Record<string, unknown> }) => {
    asked.push(plural);
    if (isAway) throw new Error('connection refused');
    if (plural === 'tokenreviews') {
      const authenticated = spec['token'] === 'good';
      return {
        status: { authenticated, ...(authenticated ? { user: { username: 'ann', groups: ['g'] } } : {}) },
      };
    }
    const { path } = spec['nonResourceAttributes'] as { path: string };
    expect(spec).toMatchObject({ user: 'ann', groups: ['g'], nonResourceAttributes: { verb: 'get' } });
    return { status: { allowed: path === '/status/' } };
  };
  const access = new Access({ create } as unknown as Pick<Client, 'create'>, {
    now: () => now,
    after: () => () => {},
  });
  return {
    access,
    asked,
    pass: (ms: number) => (now += ms),
    setAway: (away: boolean) => (isAway = away),
  };
}

test.each([
  [undefined, 401],
  ['Basic Zm9vOmJhcg==', 401],
  ['Bearer', 401],
  ['Bearer bad', 401],
  ['Bearer good', 200],
  ['bearer good', 200],
])('%s is answered with %i', async (authorization, status) => {
  const { access } = apiServer();
  expect((await access.mayGet('/status/', authorization)).status).toBe(status);
});

test('who may get one path may not get another, and is told what he needs', async () => {
  const { access } = apiServer();
  expect(await access.mayGet('/config/', 'Bearer good')).toEqual({
    status: 403,
    message: 'ann may not get /config/: bind it to the ClusterRole pgherd-operator-viewer',
  });
});

test('the same question is asked again only after a while, and once at a time', async () => {
  const { access, asked, pass } = apiServer();
  await Promise.all([access.mayGet('/status/', 'Bearer good'), access.mayGet('/status/', 'Bearer good')]);
  expect(asked).toHaveLength(2);
  pass(9_999);
  await access.mayGet('/status/', 'Bearer good');
  expect(asked).toHaveLength(2);
  pass(1);
  await access.mayGet('/status/', 'Bearer good');
  expect(asked).toHaveLength(4);
});

test('a clock that is set back keeps no old answer', async () => {
  const { access, asked, pass } = apiServer();
  await access.mayGet('/status/', 'Bearer good');
  pass(-3_600_000);
  await access.mayGet('/status/', 'Bearer good');
  expect(asked).toHaveLength(4);
});

test('an API server that is away lets nobody in, and is asked again', async () => {
  const { access, setAway } = apiServer();
  setAway(true);
  expect((await access.mayGet('/status/', 'Bearer good')).status).toBe(503);
  setAway(false);
  expect((await access.mayGet('/status/', 'Bearer good')).status).toBe(200);
});

test('tokens that nobody knows do not fill the memory for good', async () => {
  const { access, asked } = apiServer();
  await access.mayGet('/status/', 'Bearer good');
  for (let index = 0; index < 1_000; index++) await access.mayGet('/status/', `Bearer bad-${index}`);
  const before = asked.length;
  await access.mayGet('/status/', 'Bearer good');
  expect(asked.length).toBeGreaterThan(before);
});
