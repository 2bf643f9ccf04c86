import { afterEach, expect, test, vi } from 'vitest';
import { configMaps, silentLogger, systemClock } from '../objects/index.ts';
import type { Clock, ConfigMap, Logger } from '../objects/index.ts';
import { ScriptedServer } from '../client/testing/scripted-server.ts';
import type { Exchange } from '../client/testing/scripted-server.ts';
import { watchedCache } from './watched-cache.ts';
import type { WatchedCache } from './watched-cache.ts';

const item = (name: string, resourceVersion: string, value = ''): ConfigMap => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { namespace: 'herd', name, resourceVersion },
  data: { value },
});

/** Answers lists with `items` at `version`, and each watch with the next of `watches`; further ones stay open and silent. */
function serve(
  watches: ((exchange: Exchange) => void)[],
  items: () => ConfigMap[] = () => [],
  version = '10',
) {
  return (exchange: Exchange): void => {
    if (!exchange.isWatch) exchange.json(200, { metadata: { resourceVersion: version }, items: items() });
    else (watches.shift() ?? ((open: Exchange) => open.open()))(exchange);
  };
}

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

/** Starts a reflector; the test's end stops it and waits for it. */
function reflect(
  server: ScriptedServer,
  logger: Logger = silentLogger,
  clock = systemClock,
): WatchedCache<ConfigMap>['cache'] {
  const { cache, run } = watchedCache({
    client: server.client(),
    resource: configMaps,
    logger,
    clock,
    pageSize: 2,
  });
  const stop = new AbortController();
  const running = run(stop.signal);
  stops.push(async () => {
    stop.abort();
    await running;
  });
  return cache;
}

/** Time that stands still, so that every watch is a short one however slow this machine is. */
const stopped: Clock = { ...systemClock, now: () => 0 };

const watchesOf = (server: ScriptedServer): URLSearchParams[] =>
  server.requests.map(({ url }) => url.searchParams).filter((query) => query.has('watch'));
const listsOf = (server: ScriptedServer): number => server.requests.length - watchesOf(server).length;
const until = (check: () => void): Promise<void> => vi.waitFor(check, { timeout: 10_000, interval: 5 });
const names = (cache: { list(): ConfigMap[] }): string[] =>
  cache.list().map(({ metadata }) => metadata.name ?? '');

test('lists in pages, then watches from there with bookmarks and a random time limit', async () => {
  await using server = await ScriptedServer.start((exchange) => {
    if (exchange.isWatch) exchange.open();
    else if (exchange.query('continue') === null) {
      exchange.json(200, {
        metadata: { resourceVersion: '10', continue: 'x' },
        items: [item('a', '1'), item('b', '2')],
      });
    } else exchange.json(200, { metadata: { resourceVersion: '10' }, items: [item('c', '3')] });
  });
  const cache = reflect(server);
  await cache.synced;
  expect(names(cache)).toEqual(['a', 'b', 'c']);
  await until(() => expect(watchesOf(server)).toHaveLength(1));
  expect(server.requests[0]?.url.searchParams.get('limit')).toBe('2');
  const query = watchesOf(server)[0];
  expect(query?.get('resourceVersion')).toBe('10');
  expect(query?.get('allowWatchBookmarks')).toBe('true');
  const seconds = Number(query?.get('timeoutSeconds'));
  expect(seconds).toBeGreaterThanOrEqual(300);
  expect(seconds).toBeLessThanOrEqual(600);
});

test('listeners hear of additions, changes with old and new, and deletions, in order', async () => {
  await using server = await ScriptedServer.start(
    serve([
      (watch) => {
        watch.event('ADDED', item('a', '11', 'one'));
        watch.event('MODIFIED', item('a', '12', 'two'));
        watch.event('DELETED', item('a', '13', 'two'));
      },
    ]),
  );
  const heard: string[] = [];
  reflect(server).onChange((old, current) =>
    heard.push(`${old?.data?.['value']} → ${current?.data?.['value']}`),
  );
  await until(() => expect(heard).toEqual(['undefined → one', 'one → two', 'two → undefined']));
});

test('a connection reset in the middle of a watch: it goes on from the last event, without a list', async () => {
  await using server = await ScriptedServer.start(
    serve([
      (watch) => {
        watch.event('ADDED', item('a', '11'));
        watch.write('{"type":"ADDED","object":{"meta');
        setTimeout(() => watch.reset(), 20);
      },
      (watch) => watch.event('ADDED', item('b', '12')),
    ]),
  );
  const cache = reflect(server);
  await until(() => expect(names(cache)).toEqual(['a', 'b']));
  expect(watchesOf(server).map((query) => query.get('resourceVersion'))).toEqual(['10', '11']);
  expect(listsOf(server)).toBe(1);
});

test('a reset before the first byte of a watch', async () => {
  await using server = await ScriptedServer.start(
    serve([
      (watch) => watch.reset(),
      (watch) => watch.reset(),
      (watch) => watch.event('ADDED', item('a', '11')),
    ]),
  );
  const cache = reflect(server);
  await until(() => expect(names(cache)).toEqual(['a']));
});

test('500 on a watch, again and again: it comes back', async () => {
  const fail = (watch: Exchange): void => watch.status(500, 'InternalError');
  await using server = await ScriptedServer.start(
    serve([fail, fail, fail, (watch) => watch.event('ADDED', item('a', '11'))]),
  );
  const cache = reflect(server);
  await until(() => expect(names(cache)).toEqual(['a']));
  expect(listsOf(server)).toBe(1);
});

test('500 and resets on the first list: it comes back', async () => {
  let lists = 0;
  await using server = await ScriptedServer.start((exchange) => {
    if (exchange.isWatch) exchange.open();
    else if (++lists === 1) exchange.status(500, 'InternalError');
    else if (lists === 2) exchange.reset();
    else exchange.json(200, { metadata: { resourceVersion: '10' }, items: [item('a', '1')] });
  });
  const cache = reflect(server);
  await cache.synced;
  expect(names(cache)).toEqual(['a']);
});

for (const [how, expire] of [
  ['as answer', (watch: Exchange) => watch.status(410, 'Expired', 'too old resource version')],
  [
    'as event',
    (watch: Exchange) =>
      watch.event('ERROR', { kind: 'Status', code: 410, reason: 'Expired', message: 'too old' }),
  ],
] as const) {
  test(`410 ${how}: it lists again, and listeners hear of the differences only`, async () => {
    let lists = 0;
    const states = [
      [item('kept', '1'), item('gone', '2'), item('changed', '3')],
      [item('kept', '1'), item('changed', '4'), item('new', '5')],
    ];
    await using server = await ScriptedServer.start(
      serve([expire], () => states[Math.min(lists++, 1)] ?? []),
    );
    const cache = reflect(server);
    await cache.synced;
    const heard: string[] = [];
    cache.onChange((old, current) => {
      heard.push(
        `${(current ?? old)?.metadata.name} ${old?.metadata.resourceVersion} → ${current?.metadata.resourceVersion}`,
      );
    });
    heard.splice(0);
    await until(() =>
      expect(heard.sort()).toEqual(['changed 3 → 4', 'gone 2 → undefined', 'new undefined → 5']),
    );
    expect(names(cache).toSorted((a, b) => (a < b ? -1 : 1))).toEqual(['changed', 'kept', 'new']);
  });
}

test('410 for every watch does not become a storm of lists', async () => {
  const waits: number[] = [];
  const logger = {
    ...silentLogger,
    debug: (fields: Record<string, unknown>) => waits.push(Number(fields['retryMs'])),
  };
  const expire = (watch: Exchange): void => watch.status(410, 'Expired');
  await using server = await ScriptedServer.start(serve([expire, expire, expire, expire]));
  reflect(server, logger, stopped);
  await until(() => expect(waits).toHaveLength(4));
  expect(waits[0]).toBe(0);
  expect(waits[3]).toBeGreaterThanOrEqual(400);
});

test('another ERROR event leads to a new list after a pause', async () => {
  await using server = await ScriptedServer.start(
    serve([
      (watch) =>
        watch.event('ERROR', { kind: 'Status', code: 500, reason: 'InternalError', message: 'etcd' }),
    ]),
  );
  const cache = reflect(server);
  await until(() => expect(listsOf(server)).toBe(2));
  expect(cache.isSynced).toBe(true);
});

test('a clean end after events: the next watch comes at once, from the last event or bookmark', async () => {
  await using server = await ScriptedServer.start(
    serve([
      (watch) => {
        watch.event('ADDED', item('a', '11'));
        watch.event('BOOKMARK', { kind: 'ConfigMap', metadata: { resourceVersion: '99' } });
        watch.end();
      },
      (watch) => watch.event('DELETED', item('a', '100')),
    ]),
  );
  const cache = reflect(server);
  await until(() => expect(watchesOf(server)).toHaveLength(2));
  await until(() => expect(names(cache)).toEqual([]));
  expect(watchesOf(server)[1]?.get('resourceVersion')).toBe('99');
  expect(listsOf(server)).toBe(1);
});

test('watches that end at once and empty are answered with growing pauses', async () => {
  const waits: number[] = [];
  const logger = {
    ...silentLogger,
    debug: (fields: Record<string, unknown>) => waits.push(Number(fields['retryMs'])),
  };
  const end = (watch: Exchange): void => watch.end();
  await using server = await ScriptedServer.start(
    serve([end, end, end, (watch) => watch.event('ADDED', item('a', '11'))]),
  );
  const cache = reflect(server, logger, stopped);
  await until(() => expect(names(cache)).toEqual(['a']));
  expect(waits).toHaveLength(3);
  expect(waits.every((ms) => ms >= 50)).toBe(true);
});

test('a listener that throws or rejects is logged; the others and later events are served', async () => {
  const errors: string[] = [];
  const logger = { ...silentLogger, error: (_: unknown, message: string) => errors.push(message) };
  await using server = await ScriptedServer.start(
    serve([(watch) => watch.event('ADDED', item('a', '11'))], () => [item('first', '1')]),
  );
  const cache = reflect(server, logger);
  cache.onChange(() => {
    throw new Error('broken');
  });
  const rejects: () => unknown = () => Promise.reject(new Error('broken too'));
  cache.onChange(rejects);
  const heard: (string | undefined)[] = [];
  cache.onChange((_, current) => heard.push(current?.metadata.name));
  await until(() => expect(heard).toEqual(['first', 'a']));
  await until(() => expect(errors).toEqual(Array.from({ length: 4 }, () => 'change listener failed')));
});

test('events are whole whatever the chunks: cut within characters, many in one, one in many', async () => {
  const events = [
    item('a', '11', 'Zürich 🐘 東京'),
    item('b', '12', 'x'.repeat(300_000)),
    item('c', '13', '🐘'),
  ];
  const bytes = Buffer.from(
    events.map((object) => `${JSON.stringify({ type: 'ADDED', object })}\n`).join(''),
  );
  await using server = await ScriptedServer.start(
    serve([
      async (watch) => {
        const head = 400;
        // Byte by byte through the first event, so each boundary within a character is met.
        for (let at = 0; at < head; at++) {
          watch.write(bytes.subarray(at, at + 1));
          await new Promise((resolve) => setImmediate(resolve));
        }
        watch.write(bytes.subarray(head));
      },
    ]),
  );
  const cache = reflect(server);
  await until(() => expect(cache.size).toBe(3));
  expect(cache.list()).toEqual(events);
});

test('the API server restarts: the watch goes on from the same position, without a list', async () => {
  await using server = await ScriptedServer.start(serve([(watch) => watch.event('ADDED', item('a', '11'))]));
  const cache = reflect(server);
  await until(() => expect(names(cache)).toEqual(['a']));
  await server.stop();
  server.script = serve([(watch) => watch.event('MODIFIED', item('a', '12'))]);
  await server.listen();
  await until(() => expect(cache.list()[0]?.metadata.resourceVersion).toBe('12'));
  expect(watchesOf(server).at(-1)?.get('resourceVersion')).toBe('11');
  expect(listsOf(server)).toBe(1);
});

test('a resource that is not served yet is waited for, and said once', async () => {
  const warnings: string[] = [];
  const logger = { ...silentLogger, warn: (_: unknown, message: string) => warnings.push(message) };
  let served = false;
  await using server = await ScriptedServer.start((exchange) => {
    if (!served) exchange.text(404, '404 page not found');
    else serve([], () => [item('a', '1')])(exchange);
  });
  const cache = reflect(server, logger);
  await until(() => expect(server.requests.length).toBeGreaterThan(2));
  expect(cache.isSynced).toBe(false);
  served = true;
  await cache.synced;
  expect(names(cache)).toEqual(['a']);
  expect(warnings).toHaveLength(1);
  expect(warnings[0]).toContain('waiting for the resource to be served (is its CRD installed?)');
});

test('stopping ends a silent watch at once and leaves nothing open', async () => {
  await using server = await ScriptedServer.start(serve([]));
  const { cache, run } = watchedCache({ client: server.client(), resource: configMaps });
  const stop = new AbortController();
  const running = run(stop.signal);
  await cache.synced;
  await until(() => expect(watchesOf(server)).toHaveLength(1));
  stop.abort();
  await running;
  // The list's connection is kept and serves the watch; ending the watch closes it.
  await until(() => expect(server.connections).toBe(0));
});
