import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock, KubeObject } from '@pgherd/kube/objects';
import { afterEach, expect, test } from 'vitest';
import { openStore, type Store, type StoreOptions } from './store.ts';

const directories: string[] = [];
const stores: Store[] = [];

afterEach(() => {
  for (const store of stores.splice(0)) store.close();
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true });
});

function temporaryFile(): string {
  const directory = mkdtempSync(join(tmpdir(), 'pgherd-store-'));
  directories.push(directory);
  return join(directory, 'state.db');
}

function open(options: StoreOptions): Store {
  const store = openStore(options);
  stores.push(store);
  return store;
}

function put(store: Store, name: string, value: string, namespace = 'a'): KubeObject {
  return store.put('things', namespace, name, (revision) => ({
    metadata: { name, namespace, resourceVersion: String(revision) },
    value,
  }));
}

class ManualClock implements Clock {
  time = 1_000_000;
  now = (): number => this.time;
  after = (): (() => void) => () => {};
}

test('everything acknowledged is there after opening again, and revisions only grow', () => {
  const path = temporaryFile();
  const first = open({ path });
  put(first, 'x', '1');
  put(first, 'x', '2');
  put(first, 'gone', '1');
  first.remove('things', 'a', 'gone');
  const { revision } = first;
  first.close();

  const second = open({ path });
  expect(second.revision).toBe(revision);
  expect(second.list('things').map((o) => [o.metadata.name, o['value']])).toEqual([['x', '2']]);
  expect(Number(put(second, 'y', '1').metadata.resourceVersion)).toBe(revision + 1);
});

test('events of before a restart can be read, with what they replaced', () => {
  const path = temporaryFile();
  const first = open({ path });
  put(first, 'x', '1');
  put(first, 'x', '2');
  first.remove('things', 'a', 'x');
  first.close();
  const events = open({ path }).eventsAfter('things', undefined, 1);
  expect(events.map((e) => [e.revision, e.type, e.object['value'], e.previous?.['value']])).toEqual([
    [2, 'MODIFIED', '2', '1'],
    [3, 'DELETED', '2', '2'],
  ]);
  expect(events[1]?.object.metadata.resourceVersion).toBe('3');
});

test('an older snapshot is what the list was then', () => {
  const store = open({ path: ':memory:' });
  put(store, 'x', '1');
  put(store, 'y', '1');
  put(store, 'x', '2');
  store.remove('things', 'a', 'y');
  const values = (revision: number) =>
    store.listAt('things', undefined, revision).map((o) => `${o.metadata.name}${String(o['value'])}`);
  expect(values(1)).toEqual(['x1']);
  expect(values(2)).toEqual(['x1', 'y1']);
  expect(values(3)).toEqual(['x2', 'y1']);
  expect(values(4)).toEqual(['x2']);
});

test('compaction keeps the current state and the window, and survives a restart', () => {
  const path = temporaryFile();
  const clock = new ManualClock();
  const store = open({ path, clock, minimumEvents: 2, maximumEvents: 100, eventAge: 1000 });
  put(store, 'old', '1');
  for (let i = 0; i < 5; i++) put(store, 'x', String(i));
  store.compact();
  expect(store.compacted).toBe(0);
  clock.time += 2000;
  store.compact();
  expect(store.compacted).toBe(4);
  expect(store.listAt('things', undefined, 5).map((o) => o['value'])).toEqual(['1', '3']);
  store.close();
  const again = open({ path, clock });
  expect(again.compacted).toBe(4);
  expect(again.list('things').map((o) => o['value'])).toEqual(['1', '4']);
});

test('the number of events is bounded however young they are', () => {
  const store = open({ path: ':memory:', minimumEvents: 2, maximumEvents: 10 });
  for (let i = 0; i < 30; i++) put(store, 'x', String(i));
  store.compact();
  expect(store.compacted).toBe(20);
});

test('lists are in the order of etcd keys', () => {
  const store = open({ path: ':memory:' });
  put(store, 'x', '1', 'a');
  put(store, 'x', '1', 'a-b');
  expect(store.list('things').map((o) => o.metadata.namespace)).toEqual(['a-b', 'a']);
});

test('a second server cannot open the same file', () => {
  const path = temporaryFile();
  put(open({ path }), 'x', '1');
  expect(() => openStore({ path })).toThrow(/locked/);
});

test('what cannot be written is not there, and the answer is 503 with a time to try again', () => {
  const store = openStore({ path: ':memory:' });
  put(store, 'x', '1');
  store.close();
  expect(() => put(store, 'x', '2')).toThrow(expect.objectContaining({ code: 503 }));
  expect(store.get('things', 'a', 'x')?.['value']).toBe('1');
  expect(store.revision).toBe(1);
});

test('stored objects cannot be changed', () => {
  const store = open({ path: ':memory:' });
  const object = put(store, 'x', '1');
  expect(() => {
    object.metadata.name = 'y';
  }).toThrow(TypeError);
});

test('a transaction is on disk as a whole, and listeners hear of it then, in order', () => {
  const path = temporaryFile();
  const store = open({ path });
  const heard: string[] = [];
  store.subscribe(({ name, type }) => heard.push(`${type} ${name}`));
  const answer = store.transaction(() => {
    put(store, 'x', '1');
    put(store, 'x', '2');
    store.transaction(() => put(store, 'y', '1'));
    store.remove('things', 'a', 'y');
    expect(heard).toEqual([]);
    return store.get('things', 'a', 'x')?.['value'];
  });
  expect(answer).toBe('2');
  expect(heard).toEqual(['ADDED x', 'MODIFIED x', 'ADDED y', 'DELETED y']);
  expect(store.eventsAfter('things', undefined, 0).map(({ type, name }) => `${type} ${name}`)).toEqual(heard);
  store.close();
  expect(
    open({ path })
      .list('things')
      .map((o) => o['value']),
  ).toEqual(['2']);
});

test('what a transaction wrote before it threw stays', () => {
  const store = open({ path: ':memory:' });
  const work = () =>
    store.transaction(() => {
      put(store, 'x', '1');
      throw new Error('refused');
    });
  expect(work).toThrow('refused');
  expect(store.get('things', 'a', 'x')?.['value']).toBe('1');
});

test('when the disk fails in a transaction all of it is taken back, and later writes go on', () => {
  const path = temporaryFile();
  const store = open({ path, maximumPages: 20 });
  const heard: string[] = [];
  put(store, 'x', '1');
  put(store, 'gone', '1');
  const { revision } = store;
  store.subscribe(({ name }) => heard.push(name));
  const refused: unknown[] = [];
  const work = () =>
    store.transaction(() => {
      put(store, 'x', '2');
      put(store, 'new', '1');
      store.remove('things', 'a', 'gone');
      for (const name of ['large', 'small']) {
        try {
          put(store, name, name === 'large' ? 'x'.repeat(1_000_000) : '1');
        } catch (error) {
          refused.push(error);
        }
      }
    });
  expect(work).toThrow('the store cannot be used right now');
  expect(refused).toHaveLength(2);
  expect(heard).toEqual([]);
  expect(store.revision).toBe(revision);
  expect(store.list('things').map((o) => [o.metadata.name, o['value']])).toEqual([
    ['gone', '1'],
    ['x', '1'],
  ]);
  put(store, 'x', '3');
  store.close();
  const names = open({ path })
    .list('things')
    .map((o) => [o.metadata.name, o['value']]);
  expect(names).toEqual([
    ['gone', '1'],
    ['x', '3'],
  ]);
});
