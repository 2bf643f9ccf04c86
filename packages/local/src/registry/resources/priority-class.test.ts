import { ApiError, pods, priorityClasses, serviceAccounts } from '@pgherd/kube/objects';
import type { KubeObject, Pod } from '@pgherd/kube/objects';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openRegistry } from '../open-registry.ts';
import type { LocalRegistry } from '../open-registry.ts';

// https://kubernetes.io/docs/concepts/scheduling-eviction/pod-priority-preemption/
let registry: LocalRegistry;
beforeEach(() => {
  registry = openRegistry({ path: ':memory:' });
  registry.create(serviceAccounts, 'default', { metadata: { name: 'default' } });
});
afterEach(() => registry.close());

const makeClass = (name: string, value: number, more: object = {}): KubeObject =>
  registry.create(priorityClasses, undefined, { metadata: { name }, value, ...more });
const makePod = (spec: object = {}): Pod =>
  registry.create(pods, 'default', {
    metadata: { generateName: 'p-' },
    spec: { containers: [{ name: 'c', image: 'i:1' }], ...spec },
  }) as Pod;
const refusal = (act: () => unknown): string => {
  try {
    act();
  } catch (error) {
    if (error instanceof ApiError) return `${error.code} ${error.message}`;
  }
  return '';
};

test('a pod gets the number of its class', () => {
  makeClass('high', 1000);
  makeClass('waits', 5, { preemptionPolicy: 'Never' });
  expect(makePod({ priorityClassName: 'high' }).spec).toMatchObject({
    priority: 1000,
    preemptionPolicy: 'PreemptLowerPriority',
  });
  expect(makePod({ priorityClassName: 'waits' }).spec).toMatchObject({
    priority: 5,
    preemptionPolicy: 'Never',
  });
  expect(makePod({ priorityClassName: 'system-node-critical' }).spec?.priority).toBe(2_000_001_000);
  expect(makePod().spec).toMatchObject({ priority: 0 });
  expect(makePod().spec).not.toHaveProperty('priorityClassName');
});

test('pods that name no class have the default one, of which there is one', () => {
  makeClass('usual', 7, { globalDefault: true });
  expect(makePod().spec).toMatchObject({ priority: 7, priorityClassName: 'usual' });
  expect(refusal(() => makeClass('other', 8, { globalDefault: true }))).toContain(
    '403 priorityclasses.scheduling.k8s.io "other" is forbidden: PriorityClass usual is already marked as default',
  );
  const other = makeClass('other', 8) as KubeObject & { globalDefault?: boolean };
  const marked = { ...other, globalDefault: true };
  expect(refusal(() => registry.update(priorityClasses, undefined, 'other', marked))).toContain('403');
});

test('an unknown class and a number of its own are refused', () => {
  expect(refusal(() => makePod({ priorityClassName: 'none' }))).toMatch(
    /^403 pods "p-.*" is forbidden: no PriorityClass with name none was found/,
  );
  makeClass('high', 1000);
  expect(refusal(() => makePod({ priorityClassName: 'high', priority: 3 }))).toContain(
    'priority admission controller computed 1000 from the given PriorityClass name',
  );
  expect(refusal(() => makePod({ priority: 3 }))).toContain('computed 0');
  expect(refusal(() => makePod({ priorityClassName: 'high', preemptionPolicy: 'Never' }))).toContain(
    'the string value of PreemptionPolicy (Never) must not be provided',
  );
});

test.each([
  ['system-mine', 5, {}, 'system-mine is not a known system priority class'],
  ['high', 1_000_000_001, {}, 'maximum allowed value of a user defined priority is 1000000000'],
  ['high', 5, { preemptionPolicy: 'Sometimes' }, 'supported values: "PreemptLowerPriority", "Never"'],
])('class %s %d %j is refused', (name, value, more, why) => {
  const said = refusal(() => makeClass(name, value, more));
  expect(said).toMatch(/^422/);
  expect(said).toContain(why);
});

test('neither number nor policy of a class change', () => {
  const high = makeClass('high', 1000);
  const change = (more: object): string =>
    refusal(() => registry.update(priorityClasses, undefined, 'high', { ...high, ...more }));
  expect(change({ value: 5 })).toContain('value: Forbidden: may not be changed in an update.');
  expect(change({ preemptionPolicy: 'Never' })).toContain('preemptionPolicy: Invalid value');
  expect(change({ description: 'x' })).toBe('');
});
