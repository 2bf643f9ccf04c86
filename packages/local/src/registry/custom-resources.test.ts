import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KubeObject } from '@pgherd/kube/objects';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openRegistry, type LocalRegistry } from './open-registry.ts';

const crds = { group: 'apiextensions.k8s.io', version: 'v1', plural: 'customresourcedefinitions' };
const foos = { group: 'example.com', version: 'v1', plural: 'foos' };

let directory: string;
let registry: LocalRegistry;

const open = (): LocalRegistry => openRegistry({ path: join(directory, 'state.db') });
const reopen = (): void => {
  registry.close();
  registry = open();
};

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'pgherd-crd-'));
  registry = open();
});
afterEach(() => {
  registry.close();
  rmSync(directory, { recursive: true, force: true });
});

function definition(
  plural: string,
  kind: string,
  rest: { shortNames?: string[]; subresources?: object } = {},
) {
  const { shortNames = [], ...version } = rest;
  const openAPIV3Schema = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  return {
    metadata: { name: `${plural}.example.com` },
    spec: {
      group: 'example.com',
      scope: 'Namespaced',
      names: { plural, kind, shortNames },
      versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema }, ...version }],
    },
  };
}

const conditionsOf = (crd: KubeObject) =>
  (
    (crd['status'] ?? {}) as { conditions: { type: string; status: string; reason: string }[] }
  ).conditions.map(({ type, status, reason }) => `${type}=${status} ${reason}`);

test('names that another definition has are not accepted, until it is gone', () => {
  registry.create(crds, undefined, definition('foos', 'Foo', { shortNames: ['f'] }));
  const second = registry.create(crds, undefined, definition('fools', 'Fool', { shortNames: ['f'] }));
  expect(conditionsOf(second)).toEqual([
    'NamesAccepted=False ShortNamesConflict',
    'Established=False NotAccepted',
  ]);
  expect((second['status'] as { acceptedNames: object }).acceptedNames).not.toHaveProperty('shortNames');
  expect(registry.resource({ ...foos, plural: 'fools' })).toBeUndefined();

  registry.delete(crds, undefined, 'foos.example.com');
  const accepted = registry.get(crds, undefined, 'fools.example.com');
  expect(conditionsOf(accepted)).toEqual([
    'NamesAccepted=True NoConflicts',
    'Established=True InitialNamesAccepted',
  ]);
  expect(registry.resource({ ...foos, plural: 'fools' })?.shortNames).toEqual(['f']);
});

test('an established kind stays served under its accepted names when new ones are taken', () => {
  registry.create(crds, undefined, definition('foos', 'Foo'));
  const bars = registry.create(crds, undefined, definition('bars', 'Bar'));
  const wanted = structuredClone(bars);
  Object.assign((wanted['spec'] as { names: object }).names, { kind: 'Foo', listKind: 'FooList' });
  const after = registry.update(crds, undefined, 'bars.example.com', wanted);
  expect(conditionsOf(after)).toEqual([
    'NamesAccepted=False KindConflict',
    'Established=True InitialNamesAccepted',
  ]);
  expect(registry.resource({ ...foos, plural: 'bars' })?.kind).toBe('Bar');
  reopen();
  expect(registry.resource({ ...foos, plural: 'bars' })?.kind).toBe('Bar');
});

test('a built-in kind cannot be replaced', () => {
  const role = {
    metadata: {
      name: 'roles.rbac.authorization.k8s.io',
      annotations: { 'api-approved.kubernetes.io': 'unapproved' },
    },
    spec: { ...definition('roles', 'Role').spec, group: 'rbac.authorization.k8s.io' },
  };
  registry.create(crds, undefined, role);
  const ref = { group: 'rbac.authorization.k8s.io', version: 'v1', plural: 'roles' };
  expect(registry.definition(ref)?.custom).toBeUndefined();
  const { annotations: _, ...metadata } = role.metadata;
  expect(() => registry.create(crds, undefined, { ...role, metadata })).toThrow('protected groups');
});

test('generation counts status where that is a field like others', () => {
  registry.create(crds, undefined, definition('foos', 'Foo'));
  registry.create(crds, undefined, definition('bars', 'Bar', { subresources: { status: {} } }));
  const bars = { ...foos, plural: 'bars' };
  const generation = (ref: typeof foos) => {
    registry.create(ref, 'default', { metadata: { name: 'x' } });
    const merge = 'application/merge-patch+json';
    return registry.patch(ref, 'default', 'x', merge, { status: { a: 1 } }).metadata.generation;
  };
  expect(generation(foos)).toBe(2);
  expect(generation(bars)).toBe(1);
});

test('a key with an empty value is a change of a custom resource', () => {
  registry.create(crds, undefined, definition('foos', 'Foo'));
  registry.create(foos, 'default', { metadata: { name: 'x' }, spec: { users: { a: [] } } });
  const generation = (users: object) =>
    registry.patch(foos, 'default', 'x', 'application/merge-patch+json', { spec: { users } }).metadata
      .generation;
  expect(generation({ b: [] })).toBe(2);
  expect(generation({ b: [] })).toBe(2);
  expect(generation({ b: null })).toBe(3);
});

test('what the end of a process interrupted is done by the next', () => {
  registry.create(crds, undefined, definition('foos', 'Foo'));
  registry.create(crds, undefined, definition('bars', 'Bar'));
  const crd = (name: string) => structuredClone(registry.get(crds, undefined, name));
  const put = (object: KubeObject): void => {
    const storage = 'apiextensions.k8s.io/customresourcedefinitions';
    registry.store.put(storage, '', object.metadata.name ?? '', (revision) => {
      object.metadata.resourceVersion = String(revision);
      return object;
    });
  };
  // As between the two writes of a creation, and between the last instance's end and the definition's.
  const created = crd('foos.example.com');
  delete created['status'];
  put(created);
  const deleted = crd('bars.example.com');
  deleted.metadata.deletionTimestamp = '2026-01-01T00:00:00Z';
  put(deleted);
  reopen();
  expect(conditionsOf(crd('foos.example.com'))).toContain('Established=True InitialNamesAccepted');
  expect(registry.resource(foos)).toBeDefined();
  expect(() => crd('bars.example.com')).toThrow('not found');
});
