import fc from 'fast-check';
import { createPatch } from 'rfc6902';
import { expect, test } from 'vitest';
import { jsonPatch } from './json-patch.ts';
import { mergePatch } from './merge-patch.ts';

test('operations apply in order', () => {
  const live = { a: [1, 2], b: { c: 1 } };
  const patch = [
    { op: 'test', path: '/a/0', value: 1 },
    { op: 'add', path: '/a/-', value: 3 },
    { op: 'replace', path: '/b/c', value: null },
    { op: 'move', from: '/a/0', path: '/b/d' },
    { op: 'copy', from: '/b', path: '/e' },
    { op: 'remove', path: '/b/c' },
  ];
  expect(jsonPatch(live, patch)).toEqual({ a: [2, 3], b: { d: 1 }, e: { c: null, d: 1 } });
  expect(live).toEqual({ a: [1, 2], b: { c: 1 } });
});

test('members named like JavaScript built-ins, slashes, numbers', () => {
  expect(jsonPatch({}, [{ op: 'add', path: '/constructor', value: 1 }])).toEqual({ constructor: 1 });
  expect(jsonPatch({ 'a/b': 1 }, [{ op: 'replace', path: '/a~1b', value: 2 }])).toEqual({ 'a/b': 2 });
  expect(jsonPatch({ x: 1 }, [{ op: 'replace', path: '', value: { y: 1 } }])).toEqual({ y: 1 });
});

test.each([
  [[{ op: 'test', path: '/a', value: 2 }], 422, 'testing value /a failed'],
  [[{ op: 'remove', path: '/nope' }], 422, 'missing'],
  [[{ op: 'add', path: '/x/y', value: 1 }], 422, 'missing path: /x/y'],
  [[{ op: 'add', path: '/l/5', value: 1 }], 422, 'out of bounds'],
  [[{ op: 'replace', path: '/l/-', value: 1 }], 422, 'out of bounds'],
  [[{ op: 'replace', path: '/toString', value: 1 }], 422, 'missing'],
  [{ op: 'add' }, 400, 'list of operations'],
  [[{ op: 'frob', path: '/a' }], 400, 'unknown op "frob"'],
  [[{ op: 'add', path: '/a' }], 400, 'without value'],
  [[{ op: 'add', path: 'a', value: 1 }], 400, 'path is not a JSON pointer'],
  [[{ op: 'move', path: '/a' }], 400, 'from is not a JSON pointer'],
  [[{ op: 'add', path: '/__proto__/x', value: 1 }], 400, '__proto__'],
])('%j fails with %i', (patch, code, message) => {
  const live = { a: 1, l: [1] };
  expect(() => jsonPatch(live, patch)).toThrow(
    expect.objectContaining({ code, message: expect.stringContaining(message) }),
  );
  expect(live).toEqual({ a: 1, l: [1] });
});

// JSON values without members that JSON pointers of the library or JavaScript itself treat specially.
const json = fc
  .jsonValue({ maxDepth: 3 })
  .map((v) => JSON.parse(JSON.stringify(v).replaceAll('__proto__', 'p')) as unknown);

test('a patch made from two objects leads from one to the other', () => {
  fc.assert(
    fc.property(json, json, (a, b) => {
      const from = { v: a };
      expect(jsonPatch(from, createPatch(from, { v: b }))).toEqual({ v: b });
    }),
  );
});

test('merge patch: the examples of RFC 7386', () => {
  const cases: [unknown, unknown, unknown][] = [
    [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
    [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
    [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
    [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
    [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
    [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
    [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
    [
      ['a', 'b'],
      ['c', 'd'],
      ['c', 'd'],
    ],
    [{ a: 'b' }, ['c'], ['c']],
    [{ a: 'foo' }, null, null],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [[1, 2], { a: 'b', c: null }, { a: 'b' }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ];
  for (const [live, patch, result] of cases) expect(mergePatch(live, patch)).toEqual(result);
});

test('merge patch: applying twice is applying once', () => {
  fc.assert(
    fc.property(json, json, (live, patch) => {
      const once = mergePatch(live, patch);
      expect(mergePatch(once, patch)).toEqual(once);
    }),
  );
});
