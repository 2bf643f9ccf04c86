import { configMaps, systemClock } from '@pgherd/kube/objects';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { openRegistry, type LocalRegistry } from '../registry/open-registry.ts';
import { ApiLink } from './api-link.ts';
import { steadyWatch } from './steady-watch.ts';

let server: LocalRegistry;
let link: ApiLink;
let waiting: (() => void)[];
let opened: string[][];
let changed: string[];
let watch: { stop(): void };

beforeEach(() => {
  server = openRegistry({ path: ':memory:' });
  link = new ApiLink(server, 'n');
  waiting = [];
  opened = [];
  changed = [];
  const clock = {
    ...systemClock,
    after: (_ms: number, action: () => void) => {
      waiting.push(action);
      return () => {};
    },
  };
  const nameOf = (uid: string): string =>
    server.list(configMaps).items.find(({ metadata }) => metadata.uid === uid)?.metadata.name ?? uid;
  watch = steadyWatch(
    {
      registry: link.registry,
      clock,
      log: { debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn() },
      resource: configMaps,
    },
    {
      changed: ({ metadata }) => void changed.push(metadata.name ?? ''),
      removed: vi.fn(),
      opened: (uids) => void opened.push([...uids].map(nameOf)),
    },
  );
});
afterEach(() => {
  watch.stop();
  server.close();
});

const create = (name: string): unknown =>
  server.create(configMaps, 'default', { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } });
const pauseIsOver = (): void => waiting.splice(0).forEach((action) => action());

test('cut off again before it listed anew, it does not take an old list for what exists', async () => {
  expect(opened).toEqual([[]]);
  create('young');
  await vi.waitFor(() => expect(changed).toEqual(['young']));
  link.cut();
  link.heal();
  link.cut();
  pauseIsOver();
  expect(opened).toEqual([[]]);
  link.heal();
  pauseIsOver();
  expect(opened).toEqual([[], ['young']]);
  create('younger');
  await vi.waitFor(() => expect(changed).toEqual(['young', 'young', 'younger']));
});
