import { expect, test } from 'vitest';
import { useLab, type Loose } from '../support/lab.ts';

// https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes
const lab = useLab('watch');
const path = (...rest: string[]): string => lab.in('v1', 'configmaps', ...rest);
const make = (name: string, labels: Record<string, string> = {}, data: Record<string, string> = {}) =>
  lab.ok('POST', path(), { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, labels }, data });
const relabel = (name: string, labels: Record<string, string | null>): Promise<Loose> =>
  lab.ok('PATCH', path(name), { metadata: { labels } }, 'application/merge-patch+json');
const told = (events: { type: string; object: Loose }[]): string[] =>
  events.map(({ type, object }) => `${type} ${object.metadata.name ?? ''}`.trim());
const version = (object: Loose): bigint => BigInt(object.metadata.resourceVersion);

test('from a list on: each change once, in order (api-concepts/#efficient-detection-of-changes)', async () => {
  await make('before');
  const list = await lab.ok('GET', path());
  const watch = await lab.watch(`${path()}?watch=1&resourceVersion=${list.metadata.resourceVersion}`);
  const created = await make('seen');
  const changed = await lab.ok('PUT', path('seen'), { ...created, data: { a: '1' } });
  await lab.ok('DELETE', path('seen'));
  await watch.next('the deletion', ({ type }) => type === 'DELETED');
  watch.close();
  expect(told(watch.events)).toEqual(['ADDED seen', 'MODIFIED seen', 'DELETED seen']);
  expect(watch.events[0]?.object).toEqual(created);
  expect(watch.events[1]?.object).toEqual(changed);
});

test('a deletion carries a resourceVersion of its own (api-concepts/#resource-versions)', async () => {
  const created = await make('fresh');
  const { resourceVersion } = created.metadata;
  const watch = await lab.watch(`${path()}?watch=1&resourceVersion=${resourceVersion}`);
  await lab.ok('DELETE', path('fresh'));
  const deleted = await watch.next('the deletion', ({ type }) => type === 'DELETED');
  watch.close();
  expect(deleted.metadata.uid).toBe(created.metadata.uid);
  expect(version(deleted)).toBeGreaterThan(version(created));
});

test('resumed from an event: what came after it and nothing else (api-concepts/#efficient-detection-of-changes)', async () => {
  const first = await make('r1');
  await make('r2');
  await make('r3');
  const watch = await lab.watch(`${path()}?watch=1&resourceVersion=${first.metadata.resourceVersion}`);
  await watch.next('r3', ({ object }) => object.metadata.name === 'r3');
  watch.close();
  expect(told(watch.events)).toEqual(['ADDED r2', 'ADDED r3']);
});

test('resourceVersion "0" or none: begins with what is there (api-concepts/#semantics-for-watch)', async () => {
  await make('there', { begin: 'yes' });
  for (const query of ['', '&resourceVersion=0', '&resourceVersion=']) {
    const watch = await lab.watch(`${path()}?watch=1&labelSelector=begin%3Dyes${query}`);
    await watch.next('the object that is there', ({ type }) => type === 'ADDED');
    watch.close();
    expect(told(watch.events)).toEqual(['ADDED there']);
  }
});

test('entering a selection is ADDED, leaving it DELETED (api-concepts/#efficient-detection-of-changes)', async () => {
  const list = await lab.ok('GET', path());
  const { resourceVersion } = list.metadata;
  const watch = await lab.watch(
    `${path()}?watch=1&labelSelector=side%3Dleft&resourceVersion=${resourceVersion}`,
  );
  await make('walker', { side: 'right' });
  await relabel('walker', { side: 'left' });
  await relabel('walker', { side: 'left', more: 'x' });
  const left = await relabel('walker', { side: 'right' });
  const gone = await watch.next('the deletion', ({ type }) => type === 'DELETED');
  watch.close();
  expect(told(watch.events)).toEqual(['ADDED walker', 'MODIFIED walker', 'DELETED walker']);
  expect(gone.metadata.resourceVersion).toBe(left.metadata.resourceVersion);
  // It is the last state that was in the selection.
  expect(gone.metadata.labels.side).toBe('left');
});

test('field selector metadata.name (concepts/overview/working-with-objects/field-selectors)', async () => {
  const list = await lab.ok('GET', path());
  const { resourceVersion } = list.metadata;
  const watch = await lab.watch(
    `${path()}?watch=1&fieldSelector=metadata.name%3Dthis&resourceVersion=${resourceVersion}`,
  );
  await make('that');
  await make('this');
  await watch.next('this', ({ object }) => object.metadata.name === 'this');
  watch.close();
  expect(told(watch.events)).toEqual(['ADDED this']);
});

test('bookmarks never unasked; timeoutSeconds ends a watch in order (api-concepts/#watch-bookmarks)', async () => {
  const { resourceVersion } = (await lab.ok('GET', path())).metadata;
  const watch = await lab.watch(
    `${path()}?watch=1&labelSelector=none%3Dsuch&timeoutSeconds=2&resourceVersion=${resourceVersion}`,
  );
  await watch.ended;
  expect(watch.events).toEqual([]);
});

test('sendInitialEvents: what is there, then a bookmark that says so (api-concepts/#streaming-lists)', async () => {
  await make('initial', { streaming: 'yes' });
  const query =
    'watch=1&labelSelector=streaming%3Dyes&sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan';
  const watch = await lab.watch(`${path()}?${query}`);
  const bookmark = await watch.next('the bookmark', ({ type }) => type === 'BOOKMARK');
  expect(told(watch.events)).toEqual(['ADDED initial', 'BOOKMARK']);
  expect(bookmark.metadata.annotations).toEqual({ 'k8s.io/initial-events-end': 'true' });
  expect(bookmark).toMatchObject({ kind: 'ConfigMap', apiVersion: 'v1' });
  expect(version(bookmark)).toBeGreaterThanOrEqual(version(watch.events[0]?.object));
  await make('later', { streaming: 'yes' });
  await watch.next('what comes later', ({ object }) => object.metadata.name === 'later');
  watch.close();
});

test('sendInitialEvents wants resourceVersionMatch=NotOlderThan (api-concepts/#streaming-lists)', async () => {
  for (const query of ['sendInitialEvents=true', 'resourceVersionMatch=NotOlderThan']) {
    const { code } = await lab.request('GET', `${path()}?watch=1&timeoutSeconds=1&${query}`);
    expect(code, query).toBe(422);
  }
});

test('from the first version on: 410 Gone, or everything since and nothing left out (api-concepts/#410-gone-responses)', async () => {
  const { metadata } = await make('since', { since: 'yes' });
  await lab.ok('DELETE', path('since'));
  // Version 1 is before the first object of any cluster: most have forgotten it, a new one may remember.
  const first = `${path()}?watch=1&resourceVersion=1&labelSelector=since`;
  const gone = expect.objectContaining({ code: 410, reason: 'Expired' });
  const { code, body } = await lab.request('GET', `${first}&timeoutSeconds=1`);
  const asEvents = String(body).startsWith('{') ? String(body).trim().split('\n') : [];
  const lines: Loose[] = typeof body === 'object' ? [body] : asEvents.map((line) => JSON.parse(line));
  const seen = code === 200 ? lines.map(({ type, object }) => [type, object]) : [['ERROR', body]];
  const remembered = [
    ['ADDED', expect.objectContaining({ metadata })],
    ['DELETED', expect.anything()],
  ];
  expect([[['ERROR', gone]], remembered]).toContainEqual(seen);
});

test('what is no version is refused (api-concepts/#resource-versions)', async () => {
  expect((await lab.request('GET', `${path()}?watch=1&resourceVersion=abc`)).code).toBe(400);
});

test('objects carry apiVersion and kind in events (api-concepts/#efficient-detection-of-changes)', async () => {
  await make('typed', { typed: 'yes' });
  const watch = await lab.watch(`${path()}?watch=1&labelSelector=typed`);
  const object = await watch.next('it', () => true);
  watch.close();
  expect(object).toMatchObject({ apiVersion: 'v1', kind: 'ConfigMap' });
});

test('a watch over all namespaces sees every one (api-concepts/#resource-uris)', async () => {
  const label = lab.unique('all');
  const watch = await lab.watch(`/api/v1/configmaps?watch=1&labelSelector=across%3D${label}`);
  await make('across', { across: label });
  const object = await watch.next('it', ({ type }) => type === 'ADDED');
  watch.close();
  expect(object.metadata.namespace).toBe(lab.namespace);
});
