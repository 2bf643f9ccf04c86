import { expect, test } from 'vitest';
import { parseFieldSelector, parseLabelSelector } from './selectors.ts';

const labels = { app: 'db', tier: 'gold', 'example.com/size': '3' };

test.each([
  ['app=db', true],
  ['app==db,tier!=silver', true],
  ['app!=db', false],
  ['missing!=x', true],
  ['app in (web, db)', true],
  ['app notin (web,db)', false],
  ['missing notin (x)', true],
  ['app', true],
  ['!app', false],
  ['!missing,example.com/size>2', true],
  ['example.com/size<3', false],
  ['application=spilo,cluster-name=demo', false],
])('%s', (selector, expected) => {
  expect(parseLabelSelector(selector)?.(labels)).toBe(expected);
});

test('an empty selector selects everything', () => {
  expect(parseLabelSelector('')).toBeUndefined();
});

test.each(['a b', 'app=(', '=x', 'app in db', 'a=b=c'])('%s is refused with 400', (selector) => {
  expect(() => parseLabelSelector(selector)).toThrow(expect.objectContaining({ code: 400 }));
});

test('field selectors know their fields', () => {
  const fields = (o: { metadata: { name?: string } }) => ({ 'metadata.name': o.metadata.name ?? '' });
  const matches = parseFieldSelector('metadata.name!=x', fields);
  expect(matches?.({ metadata: { name: 'y' } })).toBe(true);
  expect(matches?.({ metadata: { name: 'x' } })).toBe(false);
  expect(() => parseFieldSelector('spec.foo=1', fields)).toThrow('field label not supported: spec.foo');
});
