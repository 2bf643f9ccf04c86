import { expect, test } from 'vitest';
import { matchesLabelSelector, parseSelectors } from './selectors.ts';

const fields = (o: { metadata: { name?: string } }) => ({ 'metadata.name': o.metadata.name ?? '' });
const object = { metadata: { name: 'x', labels: { app: 'db', 'example.com/size': '3' } } };

test.each([
  ['app=db', 'metadata.name=x', true],
  ['app=db', 'metadata.name!=x', false],
  ['app notin (db)', '', false],
  ['', 'metadata.name=y', false],
  ['!missing,example.com/size>2', '', true],
])('labels %j and fields %j', (labelSelector, fieldSelector, expected) => {
  expect(parseSelectors({ labelSelector, fieldSelector }, fields)?.(object)).toBe(expected);
});

test('empty selectors select everything', () => {
  expect(parseSelectors({ labelSelector: '', fieldSelector: '' }, fields)).toBeUndefined();
});

test.each(['a b', 'app=(', '=x', 'app in db', 'a=b=c'])('%s is refused with 400', (labelSelector) => {
  expect(() => parseSelectors({ labelSelector }, fields)).toThrow(expect.objectContaining({ code: 400 }));
});

test('fields that cannot be selected by are refused', () => {
  expect(() => parseSelectors({ fieldSelector: 'spec.foo=1' }, fields)).toThrow(
    'field label not supported: spec.foo',
  );
});

// Members that every JavaScript object inherits are no labels and no fields.
test('inherited members are neither labels nor fields', () => {
  expect(parseSelectors({ labelSelector: 'constructor' }, fields)?.(object)).toBe(false);
  expect(() => parseSelectors({ fieldSelector: 'constructor=x' }, fields)).toThrow('not supported');
});

test('a selector object with an unknown operator matches nothing', () => {
  const matchExpressions = [{ key: 'app', operator: 'Like', values: ['db'] }];
  expect(matchesLabelSelector({ matchExpressions }, { app: 'db' })).toBe(false);
  expect(matchesLabelSelector({ matchLabels: { app: 'db' } }, { app: 'db' })).toBe(true);
});
