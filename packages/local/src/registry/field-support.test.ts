import { builtinSchema, memberSchema, type Schema } from '@pgherd/kube/schema';
import { expect, test } from 'vitest';
import { fieldSupport, supportOf, unsupportedFields } from './field-support.ts';
import { builtinResources } from './resources/index.ts';

test('fields that cannot be acted on are found wherever they stand', () => {
  const spec = {
    hostPID: true,
    hostIPC: false,
    containers: [{ name: 'a' }, { name: 'b', volumeDevices: [{ name: 'x', devicePath: '/x' }] }],
    volumes: [
      { name: 'v', nfs: { server: 's', path: '/' } },
      { name: 'w', emptyDir: {} },
    ],
  };
  const fields = (kind: { group: string; kind: string }, object: object) =>
    unsupportedFields(kind, object)
      .map((error) => error.field)
      .sort();
  const expected = ['containers[1].volumeDevices', 'hostPID', 'volumes[0].nfs'];
  expect(fields({ group: '', kind: 'Pod' }, { spec })).toEqual(expected.map((f) => `spec.${f}`));
  expect(fields({ group: 'apps', kind: 'StatefulSet' }, { spec: { template: { spec } } })).toEqual(
    expected.map((f) => `spec.template.spec.${f}`),
  );
});

test('the longest path decides', () => {
  expect(supportOf('/Pod', 'spec.containers[].image')?.[0]).toBe('acted');
  expect(supportOf('/Pod', 'spec.volumes[].nfs.server')?.[0]).toBe('refused');
  expect(supportOf('/Pod', 'spec.imagePullSecrets[].name')?.[0]).toBe('stored');
});

test('every path of the table is in the schema of its kind, unless only later versions have it', () => {
  const later = [
    'fileKeyRef',
    'stopSignal',
    'volumes[].image',
    'spec.resources',
    'spec.template.spec.resources',
  ];
  const missing: string[] = [];
  for (const [key, table] of Object.entries(fieldSupport)) {
    const kind = builtinResources.find((r) => `${r.group}/${r.kind}` === key);
    if (!kind) missing.push(key);
    for (const path of Object.keys(table)) {
      let schema: Schema | undefined = kind && builtinSchema(kind);
      for (const step of path.replaceAll('[]', '.[]').split('.')) {
        schema = step === '[]' ? schema?.items : memberSchema(schema, step);
      }
      if (!schema && !later.some((l) => path.endsWith(l))) missing.push(`${key} ${path}`);
    }
  }
  expect(missing).toEqual([]);
});
