import { defaultConfiguration, definitionVersionAnnotation } from '@pgherd/api';
import type { CustomResourceDefinition } from '@pgherd/kube/objects';
import type { Schema } from '@pgherd/kube/schema';
import { expect, test } from 'vitest';
import { ownDefinitions } from './register.ts';
import { bringUpToDate } from './up-to-date.ts';

const [postgresql] = ownDefinitions(defaultConfiguration()) as [CustomResourceDefinition];

/** Ours, changed as somebody else's would be. */
function changed(change: (crd: CustomResourceDefinition, spec: Schema) => void): CustomResourceDefinition {
  const crd = structuredClone(postgresql);
  crd.metadata.resourceVersion = '7';
  change(crd, specOf(crd));
  return crd;
}

function specOf(crd: Pick<CustomResourceDefinition, 'spec'>): Schema {
  const schema: Schema | undefined = crd.spec.versions[0]?.schema?.openAPIV3Schema;
  return schema?.properties?.['spec'] ?? {};
}

/** What stands there after the patch. */
function after(live: CustomResourceDefinition): Schema {
  const patch = bringUpToDate(live, postgresql) as unknown as CustomResourceDefinition | undefined;
  return specOf(patch ?? live);
}

test('what is the same, or only has more, is left alone', () => {
  expect(
    bringUpToDate(
      changed(() => {}),
      postgresql,
    ),
  ).toBeUndefined();
  const more = changed((crd, spec) => {
    spec.properties = { ...spec.properties, future: { type: 'string' } };
    crd.spec.versions.push({ name: 'v2', served: true, storage: false, schema: { openAPIV3Schema: {} } });
    crd.spec.names = { ...crd.spec.names, shortNames: ['pg', 'other'] };
  });
  expect(bringUpToDate(more, postgresql)).toBeUndefined();
});

test('what is missing is added, in the version that was looked at, and nothing is taken away', () => {
  const live = changed((crd, spec) => {
    delete crd.metadata.annotations;
    delete spec.properties?.['volume'];
    delete spec.properties?.['patroni']?.properties?.['failsafe_mode'];
    spec.properties = { ...spec.properties, future: { type: 'string' } };
    spec['x-kubernetes-preserve-unknown-fields'] = true;
  });
  const patch = bringUpToDate(live, postgresql);
  expect(patch?.['metadata']).toMatchObject({
    resourceVersion: '7',
    annotations: { [definitionVersionAnnotation]: expect.any(String) },
  });
  const spec = after(live);
  expect(spec.properties?.['volume']).toEqual(specOf(postgresql).properties?.['volume']);
  expect(spec.properties?.['patroni']?.properties).toHaveProperty('failsafe_mode');
  expect(spec.properties?.['future']).toEqual({ type: 'string' });
  expect(spec['x-kubernetes-preserve-unknown-fields']).toBe(true);
});

test('a field of another type becomes ours as a whole', () => {
  const live = changed((_crd, spec) => {
    spec.properties = {
      ...spec.properties,
      sidecars: { type: 'object', properties: { a: { type: 'string' } } },
    };
  });
  expect(after(live).properties?.['sidecars']).toEqual(specOf(postgresql).properties?.['sidecars']);
});

test('a definition of a later release stays as it is, and so does the version that is stored elsewhere', () => {
  const later = changed((crd, spec) => {
    crd.metadata.annotations = { [definitionVersionAnnotation]: '99.0.0' };
    delete spec.properties?.['volume'];
  });
  expect(bringUpToDate(later, postgresql)).toBeUndefined();
  const stored = changed((crd, spec) => {
    delete spec.properties?.['volume'];
    for (const version of crd.spec.versions) version.storage = false;
    crd.spec.versions.push({ name: 'v2', served: true, storage: true, schema: { openAPIV3Schema: {} } });
  });
  const { spec } = bringUpToDate(stored, postgresql) as unknown as CustomResourceDefinition;
  expect(spec.versions.map(({ name, storage }) => [name, storage])).toEqual([
    ['v1', false],
    ['v2', true],
  ]);
});

test('categories are those of the configuration', () => {
  const configuration = { ...defaultConfiguration(), crd_categories: ['databases'] };
  for (const definition of ownDefinitions(configuration)) {
    const live = {
      ...structuredClone(definition),
      metadata: { ...definition.metadata, resourceVersion: '1' },
    };
    live.spec.names = { ...live.spec.names, categories: ['all'] };
    expect(bringUpToDate(live, definition)).toMatchObject({ spec: { names: { categories: ['databases'] } } });
  }
});
