import { expect, test, vi } from 'vitest';
import { ScriptedServer } from '../client/testing/scripted-server.ts';
import type { Exchange } from '../client/testing/scripted-server.ts';
import { configMaps } from '../objects/index.ts';
import type { RequestInfo } from '../client/index.ts';
import { done } from '../queue/index.ts';
import { aborted } from './aborted.ts';
import { Controller } from './controller.ts';
import { HealthChecks } from './health.ts';
import { ownKey } from './keys.ts';
import { Manager } from './manager.ts';
import { cacheSource } from './source.ts';

const item = { metadata: { namespace: 'herd', name: 'a', resourceVersion: '1' } };

/** One ConfigMap, silent watches, and leases as they come. */
function serve() {
  let lease: { metadata: object } | undefined;
  return (exchange: Exchange): void => {
    const { method, url, body } = exchange.received;
    if (!url.pathname.includes('/leases')) {
      if (exchange.isWatch) exchange.open();
      else exchange.json(200, { metadata: { resourceVersion: '1' }, items: [item] });
    } else if (method === 'GET' && lease === undefined) exchange.status(404, 'NotFound');
    else {
      if (method !== 'GET') lease = JSON.parse(body) as { metadata: object };
      exchange.json(200, lease);
    }
  };
}

test('caches, then controllers; an idle manager asks nothing; stopping ends everything', async () => {
  await using server = await ScriptedServer.start(serve());
  const requests: RequestInfo[] = [];
  const manager = new Manager({ client: server.client({ onRequest: (info) => requests.push(info) }) });
  const cache = manager.cache(configMaps, {
    namespace: 'herd',
    indices: { name: ({ metadata }) => [metadata.name ?? ''] },
  });
  const keys: string[] = [];
  const controller = new Controller({
    name: 'test',
    sources: [cacheSource(cache, ownKey)],
    reconcile: (key) => {
      keys.push(key);
      return done;
    },
  });
  manager.add(controller);
  expect(await manager.ready.report()).toEqual({
    healthy: false,
    checks: [{ name: 'caches', healthy: false, message: 'not yet listed: configmaps' }],
  });
  const stop = new AbortController();
  const running = manager.run(stop.signal);
  await vi.waitFor(() => expect(keys).toEqual(['herd/a']));
  await vi.waitFor(() => expect(requests.map(({ verb }) => verb)).toEqual(['list', 'watch']));
  expect((await manager.ready.report()).healthy).toBe(true);
  expect(cache.byIndex('name', 'a')).toHaveLength(1);
  // Looking again at something that did not change is free.
  controller.enqueue('herd/a');
  await vi.waitFor(() => expect(keys).toHaveLength(2));
  expect(requests).toHaveLength(2);
  expect(() => manager.cache(configMaps)).toThrow('runs already');
  stop.abort();
  await running;
  await vi.waitFor(() => expect(server.connections).toBe(0));
});

test('with election: it leads when it has the lease and gives it up after the last act', async () => {
  await using server = await ScriptedServer.start(serve());
  const manager = new Manager({
    client: server.client(),
    leaderElection: { namespace: 'herd', name: 'op', identity: 'me' },
  });
  const order: string[] = [];
  const acts = {
    name: 'acts',
    run: async (signal: AbortSignal) => {
      order.push('leads');
      await aborted(signal);
      order.push(`stops, lease still ${manager.leader}'s`);
    },
  };
  manager.add(acts);
  const stop = new AbortController();
  const running = manager.run(stop.signal);
  await vi.waitFor(() => expect(order).toEqual(['leads']));
  stop.abort();
  await running;
  expect(order).toEqual(['leads', "stops, lease still me's"]);
  expect(JSON.parse(server.requests.at(-1)?.body ?? '')).toMatchObject({ spec: { holderIdentity: '' } });
});

test('a runnable that fails stops the others and is what run rejects with', async () => {
  await using server = await ScriptedServer.start(serve());
  const manager = new Manager({ client: server.client() });
  let stopped = false;
  manager.add({ name: 'fails', run: () => Promise.reject(new Error('port is taken')) }, { always: true });
  manager.add({
    name: 'other',
    run: async (signal) => {
      await aborted(signal);
      stopped = true;
    },
  });
  await expect(manager.run(new AbortController().signal)).rejects.toThrow('port is taken');
  expect(stopped).toBe(true);
});

test('health checks: each by name, failures with their reason', async () => {
  const checks = new HealthChecks();
  checks.add('good', () => {});
  checks.add('bad', () => Promise.reject(new Error('disk is full')));
  expect(await checks.report()).toEqual({
    healthy: false,
    checks: [
      { name: 'good', healthy: true, message: 'ok' },
      { name: 'bad', healthy: false, message: 'disk is full' },
    ],
  });
});
