import type { KubeObject } from '@pgherd/kube/objects';
import { expect, test } from 'vitest';
import { SelectorIndex } from './selector-index.ts';

const selecting = (name: string, selector?: Record<string, string>): KubeObject => ({
  metadata: { name, namespace: 'one' },
  ...(selector === undefined ? {} : { selector }),
});
const index = () => new SelectorIndex((object) => object['selector'] as Record<string, string> | undefined);

test('whatever could select the labels is a candidate', () => {
  const selectors = index();
  selectors.see(selecting('exact', { app: 'a' }), false);
  selectors.see(selecting('more', { app: 'a', role: 'primary' }), false);
  selectors.see(selecting('other', { app: 'b' }), false);
  selectors.see(selecting('everything', {}), false);
  selectors.see(selecting('nothing'), false);
  expect(selectors.candidates('one', { role: 'primary', app: 'a' }).sort()).toEqual([
    'one/everything',
    'one/exact',
    'one/more',
  ]);
  expect(selectors.candidates('two', { app: 'a' })).toEqual([]);
  expect(selectors.candidates('one')).toEqual(['one/everything']);
});

test('another selector replaces the first, and what is gone selects nothing', () => {
  const selectors = index();
  selectors.see(selecting('it', { app: 'a' }), false);
  selectors.see(selecting('it', { app: 'b' }), false);
  expect(selectors.candidates('one', { app: 'a' })).toEqual([]);
  expect(selectors.candidates('one', { app: 'b' })).toEqual(['one/it']);
  selectors.see(selecting('it', { app: 'b' }), true);
  expect(selectors.candidates('one', { app: 'b' })).toEqual([]);
});

test('labels that all selectors have do not make them all candidates', () => {
  const selectors = index();
  for (let number = 0; number < 100; number += 1) {
    selectors.see(selecting(`it-${number}`, { app: 'same', cluster: String(number) }), false);
  }
  const found = selectors.candidates('one', { app: 'same', cluster: '42' });
  expect(found).toContain('one/it-42');
  expect(found.length).toBeLessThan(5);
});
