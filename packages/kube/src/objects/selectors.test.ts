import { expect, test } from 'vitest';
import { parseApiVersion } from './gvk.ts';
import {
  dns1035LabelErrors,
  dns1123LabelErrors,
  dns1123SubdomainErrors,
  labelValueErrors,
  qualifiedNameErrors,
} from './names.ts';
import {
  labelSelectorFromObject,
  matchesLabels,
  parseFieldSelector,
  parseLabelSelector,
} from './selectors.ts';

const labels = { app: 'a', tier: 'db', n: '5' };

test.each([
  ['', true],
  ['app=a', true],
  ['app==a,tier!=web', true],
  ['app in (a, b),tier notin (web)', true],
  ['app', true],
  ['!app', false],
  ['! gone', true],
  ['gone!=x', true],
  ['gone notin (x)', true],
  ['gone in (x)', false],
  ['n>4,n<6', true],
  ['n>5', false],
  ['app=', false],
  ['toString', false],
])('%j matches: %s', (text, expected) => {
  expect(matchesLabels(parseLabelSelector(text), labels)).toBe(expected);
});

test.each(['a=b=c', 'a in b', ',', 'a=b,', 'a,,b', '=a', 'a in (b', 'n>x', 'a/b/c', '-a=b'])(
  '%j is refused',
  (text) => {
    expect(() => parseLabelSelector(text)).toThrow('unable to parse requirement');
  },
);

test('LabelSelector objects', () => {
  const selector = labelSelectorFromObject({
    matchLabels: { app: 'a' },
    matchExpressions: [
      { key: 'tier', operator: 'In', values: ['db'] },
      { key: 'x', operator: 'DoesNotExist' },
    ],
  });
  expect(matchesLabels(selector, labels)).toBe(true);
  expect(matchesLabels(selector, { ...labels, x: '' })).toBe(false);
  expect(matchesLabels(labelSelectorFromObject({}), undefined)).toBe(true);
  expect(() => labelSelectorFromObject({ matchExpressions: [{ key: 'a', operator: 'Gt' }] })).toThrow(
    'not a valid label selector operator',
  );
});

test('field selectors', () => {
  expect(parseFieldSelector('metadata.name=x,status.phase!=Running,a==b\\,c')).toEqual([
    { field: 'metadata.name', equal: true, value: 'x' },
    { field: 'status.phase', equal: false, value: 'Running' },
    { field: 'a', equal: true, value: 'b,c' },
  ]);
  expect(parseFieldSelector('')).toEqual([]);
  expect(() => parseFieldSelector('abc')).toThrow("can't understand 'abc'");
});

test('names', () => {
  expect(dns1123LabelErrors('a-1')).toEqual([]);
  expect(dns1123LabelErrors('A')).toEqual([
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name', or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
  ]);
  expect(dns1123LabelErrors('a'.repeat(64))).toEqual(['must be no more than 63 bytes']);
  expect(dns1123SubdomainErrors('a.b-c')).toEqual([]);
  expect(dns1123SubdomainErrors('a..b')).toHaveLength(1);
  expect(dns1035LabelErrors('1a')).toHaveLength(1);
  expect(qualifiedNameErrors('example.com/A_b.c')).toEqual([]);
  expect(qualifiedNameErrors('/a')).toEqual(['prefix part must be non-empty']);
  expect(qualifiedNameErrors('a/b/c')).toHaveLength(1);
  expect(labelValueErrors('')).toEqual([]);
  expect(labelValueErrors('a b')).toHaveLength(1);
});

test('apiVersion', () => {
  expect(parseApiVersion('v1')).toEqual({ group: '', version: 'v1' });
  expect(parseApiVersion('apps/v1')).toEqual({ group: 'apps', version: 'v1' });
  expect(() => parseApiVersion('a/b/c')).toThrow('unexpected GroupVersion string: a/b/c');
  expect(() => parseApiVersion('')).toThrow('unexpected GroupVersion');
});
