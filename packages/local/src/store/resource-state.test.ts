import type { KubeObject } from '@pgherd/kube/objects';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ResourceState } from './resource-state.ts';

const name = fc.constantFrom('a', 'a-0', 'a-1', 'ab-0', 'b', 'b-0', 'b-10', 'c');
const labels = fc.dictionary(fc.constantFrom('app', 'role'), fc.constantFrom('x', 'y', ''));
const change = fc.record({
  namespace: fc.constantFrom('one', 'two', 'two-a'),
  name,
  labels: fc.option(labels, { nil: undefined }),
  isGone: fc.boolean(),
});

const identify = ({ metadata }: KubeObject) => `${metadata.namespace}/${metadata.name}`;

test('after any changes a narrowed list is the whole list filtered, in the same order', () => {
  fc.assert(
    fc.property(fc.array(change), labels, name, (changes, wanted, namePrefix) => {
      const state = new ResourceState();
      const present = new Map<string, KubeObject>();
      for (const { namespace, name: own, labels: has, isGone } of changes) {
        const object = { metadata: { namespace, name: own, ...(has === undefined ? {} : { labels: has }) } };
        if (isGone) {
          state.delete(namespace, own);
          present.delete(identify(object));
        } else {
          state.set(namespace, own, object);
          present.set(identify(object), object);
        }
      }
      for (const namespace of ['one', 'two', undefined]) {
        const all = state.list(namespace);
        const expected = [...present.values()]
          .filter(({ metadata }) => namespace === undefined || metadata.namespace === namespace)
          .sort((a, b) => (identify(a) < identify(b) ? -1 : 1));
        expect(all).toEqual(expected);
        const hasLabels = ({ metadata }: KubeObject) =>
          Object.entries(wanted).every(([key, value]) => metadata.labels?.[key] === value);
        const hasPrefix = ({ metadata }: KubeObject) => metadata.name?.startsWith(namePrefix) === true;
        expect(state.list(namespace, { labels: wanted })).toEqual(all.filter(hasLabels));
        expect(state.list(namespace, { namePrefix })).toEqual(all.filter(hasPrefix));
        expect(state.list(namespace, { labels: wanted, name: namePrefix })).toEqual(
          all.filter((object) => hasLabels(object) && object.metadata.name === namePrefix),
        );
        expect(state.list(namespace, { labels: wanted, namePrefix })).toEqual(
          all.filter((object) => hasLabels(object) && hasPrefix(object)),
        );
      }
    }),
  );
});

test('a list stays as it was when something is written', () => {
  const state = new ResourceState();
  state.set('one', 'a', { metadata: { name: 'a', namespace: 'one' } });
  const before = state.list('one');
  state.set('one', 'b', { metadata: { name: 'b', namespace: 'one' } });
  state.delete('one', 'a');
  expect(before.map(identify)).toEqual(['one/a']);
});
