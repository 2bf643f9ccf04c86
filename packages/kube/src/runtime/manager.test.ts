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
import { Leadership } from './leadership.ts';
import { Manager } from './manager.ts';
import { cacheSource, togetherSource } from './source.ts';
import type { Source } from './source.ts';

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

test('with leadership: what acts has ended before the lease is given up, and another manager follows under it', async () => {
  await using server = await ScriptedServer.start(serve());
  const client = server.client();
  const leadership = new Leadership({ client, namespace: 'herd', name: 'op', identity: 'me' });
  const stop = new AbortController();
  const order: string[] = [];
  const leading = leadership.run(stop.signal);
  const manage = (name: string, signal: AbortSignal): Promise<void> => {
    const manager = new Manager({ client, leadership });
    const run = async (acting: AbortSignal) => {
      order.push(`${name} leads`);
      await aborted(acting);
      order.push(`${name} stops, lease still ${leadership.leader}'s`);
    };
    manager.add({ name, run });
    return manager.run(signal);
  };
  const stopFirst = new AbortController();
  const first = manage('first', AbortSignal.any([stop.signal, stopFirst.signal]));
  await vi.waitFor(() => expect(order).toEqual(['first leads']));
  stopFirst.abort();
  await first;
  const second = manage('second', stop.signal);
  await vi.waitFor(() => expect(order.at(-1)).toBe('second leads'));
  expect(server.requests.filter(({ method }) => method !== 'GET')).toHaveLength(1);
  stop.abort();
  await Promise.all([second, leading]);
  expect(order.at(-1)).toBe("second stops, lease still me's");
  expect(JSON.parse(server.requests.at(-1)?.body ?? '')).toMatchObject({ spec: { holderIdentity: '' } });
});

test('who loses the lease stops, and leads again when it can', async () => {
  let taken = false;
  const answer = serve();
  await using server = await ScriptedServer.start((exchange) => {
    const { method } = exchange.received;
    if (!taken) answer(exchange);
    else if (method === 'GET') {
      const spec = { holderIdentity: 'other', leaseDurationSeconds: 3600 };
      exchange.json(200, { metadata: { namespace: 'herd', name: 'op', resourceVersion: '9' }, spec });
    } else exchange.status(409, 'Conflict');
  });
  const client = server.client();
  const periods = { leaseDurationMs: 500, renewDeadlineMs: 300, renewPeriodMs: 20, retryPeriodMs: 10 };
  const leadership = new Leadership({ client, namespace: 'herd', name: 'op', identity: 'me', ...periods });
  const stop = new AbortController();
  const leading = leadership.run(stop.signal);
  const lost = leadership.act(stop.signal, aborted);
  await vi.waitFor(() => expect(leadership.isLeading).toBe(true));
  taken = true;
  await lost;
  expect(leadership.isLeading).toBe(false);
  taken = false;
  await vi.waitFor(() => expect(leadership.isLeading).toBe(true));
  stop.abort();
  await leading;
});

test('a group of sources speaks when all of it has synced, and nobody waits for it', async () => {
  const slow = Promise.withResolvers<void>();
  const source = (key: string, synced: Promise<void>): Source => ({
    synced,
    subscribe: (enqueue) => {
      enqueue(key);
      return () => {};
    },
  });
  const keys: string[] = [];
  const controller = new Controller({
    name: 'test',
    sources: [
      togetherSource([source('a/x', Promise.resolve())]),
      togetherSource([source('b/x', Promise.resolve()), source('b/y', slow.promise)]),
    ],
    reconcile: (key) => {
      keys.push(key);
      return done;
    },
  });
  const stop = new AbortController();
  const running = controller.run(stop.signal);
  await vi.waitFor(() => expect(keys).toEqual(['a/x']));
  slow.resolve();
  await vi.waitFor(() => expect(keys).toEqual(['a/x', 'b/x', 'b/y']));
  stop.abort();
  await running;
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
  checks.add('noted', () => 'one of two');
  checks.add('bad', () => Promise.reject(new Error('disk is full')));
  expect(await checks.report()).toEqual({
    healthy: false,
    checks: [
      { name: 'good', healthy: true, message: 'ok' },
      { name: 'noted', healthy: true, message: 'one of two' },
      { name: 'bad', healthy: false, message: 'disk is full' },
    ],
  });
});
