import { expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { patchTypes, useLab, type Answer, type Loose } from '../support/lab.ts';

// https://kubernetes.io/docs/concepts/overview/working-with-objects/finalizers/
const lab = useLab('finalizers');
const path = (...rest: string[]): string => lab.in('v1', 'configmaps', ...rest);
const make = (name: string, metadata: object = {}): Promise<Loose> =>
  lab.ok('POST', path(), { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, ...metadata } });
const remove = (name: string, options?: object): Promise<Answer> =>
  lab.request(
    'DELETE',
    path(name),
    options === undefined ? {} : { body: { apiVersion: 'v1', kind: 'DeleteOptions', ...options } },
  );
const setFinalizers = (name: string, finalizers: string[] | null): Promise<Answer> =>
  lab.request('PATCH', path(name), { body: { metadata: { finalizers } }, type: patchTypes.merge });
const codeOf = async (name: string): Promise<number> => (await lab.request('GET', path(name))).code;
const gone = async (name: string): Promise<void> => {
  await eventually(`${name} is gone`, async () => (await codeOf(name)) === 404);
};
const ownedBy = (owner: Loose, more: object = {}): object => ({
  ownerReferences: [
    { apiVersion: 'v1', kind: 'ConfigMap', name: owner.metadata.name, uid: owner.metadata.uid, ...more },
  ],
});

test('deletion waits for finalizers and goes with the last one (finalizers/#how-finalizers-work)', async () => {
  await make('held', { finalizers: ['example.com/a', 'example.com/b'] });
  const { code, body } = await remove('held');
  expect(code).toBe(200);
  expect(body).toMatchObject({ kind: 'ConfigMap', metadata: { name: 'held' } });
  const { deletionTimestamp, generation } = body.metadata;
  expect(deletionTimestamp).toMatch(/Z$/);
  // Again changes nothing.
  const again = await remove('held');
  expect(again.body.metadata.deletionTimestamp).toBe(deletionTimestamp);
  expect(again.body.metadata.generation).toBe(generation);
  await setFinalizers('held', ['example.com/b']);
  expect(await codeOf('held')).toBe(200);
  await setFinalizers('held', null);
  expect(await codeOf('held')).toBe(404);
});

test('no new finalizers once deletion began (finalizers/#how-finalizers-work)', async () => {
  await make('late', { finalizers: ['example.com/a'] });
  await remove('late');
  const { code } = await setFinalizers('late', ['example.com/a', 'example.com/new']);
  expect(code).toBe(422);
  await setFinalizers('late', null);
});

test('a finalizer has a qualified name (finalizers)', async () => {
  const { code } = await lab.request('POST', path(), {
    body: {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'named', finalizers: ['no domain here!'] },
    },
  });
  expect(code).toBe(422);
});

test('deletionTimestamp cannot be set or removed by clients (api-concepts/#resource-deletion)', async () => {
  await make('stamped', { finalizers: ['example.com/a'] });
  const early = await lab.request('PATCH', path('stamped'), {
    body: { metadata: { deletionTimestamp: '2001-01-01T00:00:00Z' } },
    type: patchTypes.merge,
  });
  expect(early.code).toBe(422);
  expect((await lab.ok('GET', path('stamped'))).metadata.deletionTimestamp).toBeUndefined();
  await remove('stamped');
  const later = await lab.ok(
    'PATCH',
    path('stamped'),
    { metadata: { deletionTimestamp: null } },
    patchTypes.merge,
  );
  expect(later.metadata.deletionTimestamp).toBeTruthy();
  await setFinalizers('stamped', null);
});

test('background: the owner goes at once, its dependents follow (concepts/architecture/garbage-collection/#background-deletion)', async () => {
  const owner = await make('bg-owner');
  await make('bg-child', ownedBy(owner));
  await remove('bg-owner', { propagationPolicy: 'Background' });
  expect(await codeOf('bg-owner')).toBe(404);
  await gone('bg-child');
});

test('background is the default (concepts/architecture/garbage-collection/#cascading-deletion)', async () => {
  const owner = await make('default-owner');
  await make('default-child', ownedBy(owner));
  await remove('default-owner');
  await gone('default-child');
  expect(await codeOf('default-owner')).toBe(404);
});

test('foreground: the owner waits for dependents that block it (concepts/architecture/garbage-collection/#foreground-deletion)', async () => {
  const owner = await make('fg-owner');
  await make('fg-child', {
    ...ownedBy(owner, { blockOwnerDeletion: true }),
    finalizers: ['example.com/hold'],
  });
  const { body } = await remove('fg-owner', { propagationPolicy: 'Foreground' });
  expect(body.metadata.finalizers).toEqual(['foregroundDeletion']);
  await eventually('the child is being deleted', async () => {
    const child = await lab.ok('GET', path('fg-child'));
    return child.metadata.deletionTimestamp !== undefined;
  });
  expect(await codeOf('fg-owner')).toBe(200);
  await setFinalizers('fg-child', null);
  await gone('fg-owner');
  expect(await codeOf('fg-child')).toBe(404);
});

test('orphan: dependents stay and lose the reference (concepts/architecture/garbage-collection/#orphaned-dependents)', async () => {
  const owner = await make('orphan-owner');
  await make('orphan-child', ownedBy(owner));
  await remove('orphan-owner', { propagationPolicy: 'Orphan' });
  await gone('orphan-owner');
  const child = await lab.ok('GET', path('orphan-child'));
  expect(child.metadata.ownerReferences ?? []).toEqual([]);
});

test('a dependent goes with its last owner only (concepts/architecture/garbage-collection/#owners-dependents)', async () => {
  const one = await make('owner-one');
  const two = await make('owner-two');
  const reference = (owner: Loose): object =>
    (ownedBy(owner) as { ownerReferences: object[] }).ownerReferences;
  const child = await make('two-owners', {
    ownerReferences: [...(reference(one) as object[]), ...(reference(two) as object[])],
  });
  await remove('owner-one');
  const left = await eventually('one reference is left', async () => {
    const object = await lab.ok('GET', path('two-owners'));
    return object.metadata.ownerReferences.length === 1 ? object : undefined;
  });
  expect(left.metadata.uid).toBe(child.metadata.uid);
  expect(left.metadata.ownerReferences[0].name).toBe('owner-two');
  await remove('owner-two');
  await gone('two-owners');
});

test('an owner that does not exist (any more): the dependent is collected (concepts/overview/working-with-objects/owners-dependents)', async () => {
  const uid = '00000000-0000-4000-8000-000000000000';
  await make('fatherless', ownedBy({ metadata: { name: 'never', uid } }));
  await gone('fatherless');
  expect(await codeOf('fatherless')).toBe(404);
});

test('at most one controller (concepts/overview/working-with-objects/owners-dependents)', async () => {
  const reference = (name: string): object => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    name,
    uid: `00000000-0000-4000-8000-00000000000${name.length}`,
    controller: true,
  });
  const { code } = await lab.request('POST', path(), {
    body: {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'controlled', ownerReferences: [reference('a'), reference('bb')] },
    },
  });
  expect(code).toBe(422);
});
