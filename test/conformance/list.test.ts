import { beforeAll, expect, test } from 'vitest';
import { useLab, type Loose } from '../support/lab.ts';

// https://kubernetes.io/docs/reference/using-api/api-concepts/#retrieving-large-results-sets-in-chunks
const lab = useLab('list');
const path = (...rest: string[]): string => lab.in('v1', 'configmaps', ...rest);
const names = (list: Loose): string[] => list.items.map((item: Loose) => item.metadata.name);
const selected = async (kind: 'labelSelector' | 'fieldSelector', selector: string): Promise<string[]> =>
  names(await lab.ok('GET', `${path()}?${kind}=${encodeURIComponent(selector)}`)).filter((name) =>
    name.startsWith('item-'),
  );

beforeAll(async () => {
  for (let i = 0; i < 6; i += 1) {
    const labels = { list: 'yes', parity: i % 2 === 0 ? 'even' : 'odd', ...(i === 5 ? { last: '' } : {}) };
    await lab.ok('POST', path(), {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: `item-${i}`, labels },
    });
  }
});

test('a list has a kind of its own and a resourceVersion; its items have neither apiVersion nor kind (api-concepts/#collections)', async () => {
  const list = await lab.ok('GET', path());
  expect(list).toMatchObject({ kind: 'ConfigMapList', apiVersion: 'v1' });
  expect(BigInt(list.metadata.resourceVersion)).toBeGreaterThan(0n);
  expect(list.items[0].kind).toBeUndefined();
});

test('the version of a list is not older than its items (api-concepts/#resource-versions)', async () => {
  const list = await lab.ok('GET', path());
  for (const item of list.items) {
    expect(BigInt(item.metadata.resourceVersion)).toBeLessThanOrEqual(BigInt(list.metadata.resourceVersion));
  }
});

test('an empty list is an empty array (api-concepts/#collections)', async () => {
  const list = await lab.ok('GET', `${path()}?labelSelector=none%3Dsuch`);
  expect(list.items).toEqual([]);
  expect(list.metadata.resourceVersion).toBeTruthy();
});

test('label selectors: equality, sets, presence (concepts/overview/working-with-objects/labels/#label-selectors)', async () => {
  const all = [0, 1, 2, 3, 4, 5].map((i) => `item-${i}`);
  const odd = ['item-1', 'item-3', 'item-5'];
  const even = ['item-0', 'item-2', 'item-4'];
  for (const [selector, expected] of [
    ['parity=odd', odd],
    ['parity==odd', odd],
    ['list=yes,parity!=odd', even],
    ['parity in (odd,even)', all],
    ['list,parity notin (odd)', even],
    ['last', ['item-5']],
    ['list,!last', all.slice(0, 5)],
    ['last=', ['item-5']],
    ['list=yes,parity=odd,last', ['item-5']],
  ] as const) {
    expect(await selected('labelSelector', selector), selector).toEqual(expected);
  }
  for (const wrong of ['a in odd', '=x', 'a=b=c', 'UPPER!!']) {
    const { code } = await lab.request('GET', `${path()}?labelSelector=${encodeURIComponent(wrong)}`);
    expect(code, wrong).toBe(400);
  }
});

test('field selectors (concepts/overview/working-with-objects/field-selectors)', async () => {
  expect(await selected('fieldSelector', 'metadata.name=item-3')).toEqual(['item-3']);
  expect(await selected('fieldSelector', 'metadata.name!=item-3')).toHaveLength(5);
  expect(await selected('fieldSelector', `metadata.namespace=${lab.namespace}`)).toHaveLength(6);
  const { code, body } = await lab.request('GET', `${path()}?fieldSelector=data.a%3D1`);
  expect(code).toBe(400);
  expect(body.message).toContain('field label not supported: data.a');
});

test('pages: limit, continue, remainingItemCount, one version throughout (api-concepts/#retrieving-large-results-sets-in-chunks)', async () => {
  const first = await lab.ok('GET', `${path()}?limit=4`);
  expect(first.items).toHaveLength(4);
  expect(first.metadata.continue).toBeTruthy();
  const rest = first.metadata.remainingItemCount;
  // What is made between pages is not in the list that was begun before.
  await lab.ok('POST', path(), { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'zz-late' } });
  const token = encodeURIComponent(first.metadata.continue);
  const second = await lab.ok('GET', `${path()}?limit=100&continue=${token}`);
  expect(second.metadata.resourceVersion).toBe(first.metadata.resourceVersion);
  expect(second.metadata.continue ?? '').toBe('');
  expect(second.metadata.remainingItemCount ?? 0).toBe(0);
  expect(names(second)).toHaveLength(rest);
  expect(names(second)).not.toContain('zz-late');
  const all = [...names(first), ...names(second)];
  expect(new Set(all).size).toBe(all.length);
  await lab.ok('DELETE', path('zz-late'));
});

test('a continue token that is none is refused (api-concepts/#retrieving-large-results-sets-in-chunks)', async () => {
  expect((await lab.request('GET', `${path()}?limit=1&continue=nonsense`)).code).toBe(400);
});

test('resourceVersion and resourceVersionMatch of lists (api-concepts/#semantics-for-get-and-list)', async () => {
  const { resourceVersion } = (await lab.ok('GET', path())).metadata;
  const atLeast = await lab.ok('GET', `${path()}?resourceVersion=${resourceVersion}`);
  expect(BigInt(atLeast.metadata.resourceVersion)).toBeGreaterThanOrEqual(BigInt(resourceVersion));
  expect((await lab.request('GET', `${path()}?resourceVersion=0`)).code).toBe(200);
  for (const query of [
    'resourceVersionMatch=NotOlderThan',
    'resourceVersion=1&resourceVersionMatch=Sideways',
  ]) {
    expect((await lab.request('GET', `${path()}?${query}`)).code, query).toBe(422);
  }
  const exact = await lab.request('GET', `${path()}?resourceVersion=0&resourceVersionMatch=Exact`);
  expect(exact.code).toBe(422);
});

test('a version of the future: 504, not an older answer (api-concepts/#unavailable-resource-versions)', async () => {
  const { resourceVersion } = (await lab.ok('GET', path())).metadata;
  const future = (BigInt(resourceVersion) + 1_000_000n).toString();
  const { code, body } = await lab.request('GET', `${path()}?resourceVersion=${future}`);
  expect(code).toBe(504);
  expect(body.reason).toBe('Timeout');
});

test('Table output with columns and rows (api-concepts/#receiving-resources-as-tables)', async () => {
  const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json';
  const { body } = await lab.request('GET', `${path()}?labelSelector=last`, { headers: { accept } });
  expect(body).toMatchObject({ kind: 'Table', apiVersion: 'meta.k8s.io/v1' });
  expect(body.columnDefinitions.map((column: Loose) => column.name)).toEqual(['Name', 'Data', 'Age']);
  expect(body.rows[0].cells.slice(0, 2)).toEqual(['item-5', 0]);
  expect(body.rows[0].object).toMatchObject({ kind: 'PartialObjectMetadata', metadata: { name: 'item-5' } });
  const one = await lab.request('GET', path('item-0'), { headers: { accept } });
  expect(one.body.rows).toHaveLength(1);
  const pods = await lab.request('GET', lab.in('v1', 'pods'), { headers: { accept } });
  const columns: Loose[] = pods.body.columnDefinitions;
  expect(columns.filter(({ priority }) => priority === 0).map(({ name }) => name)).toEqual([
    'Name',
    'Ready',
    'Status',
    'Restarts',
    'Age',
  ]);
});

test('metadata only (reference/using-api/api-concepts/#alternate-representations-of-resources)', async () => {
  const accept = 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io,application/json';
  const { body } = await lab.request('GET', path(), { headers: { accept } });
  expect(body).toMatchObject({ kind: 'PartialObjectMetadataList', apiVersion: 'meta.k8s.io/v1' });
  expect(Object.keys(body.items[0]).sort()).toEqual(expect.arrayContaining(['metadata']));
  expect(body.items[0].data).toBeUndefined();
});
