import { expect, test } from 'vitest';
import { kinds, objectKey, type Kind } from '../kinds.ts';
import { testConfiguration } from '../testing/cluster.ts';
import { podEnvironmentOf } from './pod-environment.ts';

function environment(changes: Parameters<typeof testConfiguration>[0], objects: Record<string, object> = {}) {
  const get = (kind: Kind, namespace: string, name: string) => {
    const found = objects[objectKey(kind, namespace, name)];
    return found === undefined ? undefined : { metadata: { name, namespace }, ...found };
  };
  return podEnvironmentOf({ get }, testConfiguration(changes), 'default');
}

const secret = objectKey(kinds.secret, 'default', 'keys');
const inOperators = objectKey(kinds.configMap, 'operator', 'pods');
const inOwn = objectKey(kinds.configMap, 'default', 'pods');
const changes = {
  pod_environment_secret: 'keys',
  pod_environment_configmap: { namespace: 'operator', name: 'pods' },
};

test('nothing is configured', () => {
  expect(environment({})).toBeUndefined();
});

test('of the Secret the keys are taken, of the ConfigMap the entries', () => {
  const found = environment(changes, {
    [secret]: { data: { B: 'Yg==', A: 'YQ==' } },
    [inOperators]: { data: { V: '1' } },
  });
  expect(found).toEqual({ secretKeys: ['A', 'B'], values: { V: '1' }, unfit: [] });
});

test("the ConfigMap of its own namespace wins over one in the cluster's", () => {
  const objects = { [secret]: {}, [inOwn]: { data: { V: 'own' } } };
  expect(environment(changes, objects)?.values).toEqual({ V: 'own' });
  const both = { ...objects, [inOperators]: { data: { V: 'operator' } } };
  expect(environment(changes, both)?.values).toEqual({ V: 'operator' });
});

test('what is missing is named', () => {
  expect(environment(changes)?.missing).toBe(
    'Secret keys (pod_environment_secret) and ConfigMap operator/pods (pod_environment_configmap) exist',
  );
});

test('what cannot be the name of a variable is left out', () => {
  const found = environment(changes, {
    [secret]: { data: { '1st': '', ok: '' } },
    [inOperators]: { data: { '..x': '1', 'a.b-c': '2' } },
  });
  expect(found).toEqual({ secretKeys: ['ok'], values: { 'a.b-c': '2' }, unfit: ['..x', '1st'] });
});
