import fc from 'fast-check';
import { expect, test } from 'vitest';
import { share } from './share.ts';

const json = () => fc.jsonValue({ maxDepth: 3 });

/** Frozen to its leaves: a change of it throws. */
function fixed<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    Object.values(value).forEach(fixed);
    Object.freeze(value);
  }
  return value;
}

test('the value stays what it is, whatever was before', () => {
  fc.assert(
    fc.property(json(), json(), (now, before) => {
      expect(share(structuredClone(now), fixed(before))).toEqual(now);
    }),
  );
});

test('an equal value is the one from before', () => {
  fc.assert(
    fc.property(json(), (before) => {
      expect(share(structuredClone(before), fixed(before))).toBe(before);
    }),
  );
});

test('parts that are equal are those from before, the others are the new ones', () => {
  const before = fixed({ spec: { list: [{ a: 1 }, { b: 2 }] }, status: { phase: 'x' }, gone: {} });
  const now = { status: { phase: 'y' }, spec: { list: [{ a: 1 }, { b: 3 }, { c: 4 }] }, added: {} };
  const shared = share(structuredClone(now), before);
  expect(shared).toEqual(now);
  expect(shared.spec.list[0]).toBe(before.spec.list[0]);
  expect(shared.spec.list[1]).not.toBe(before.spec.list[1]);
  expect(shared.status).not.toBe(before.status);
});

test('what is frozen is left as it is, and a member called __proto__ is only a member', () => {
  const before = fixed({ a: { b: 1 } });
  const now = fixed({ a: { b: 1 }, c: 2 });
  expect(share(now, before).a).toBe(now.a);
  const odd = JSON.parse('{"__proto__": {"x": 1}, "a": 1}') as object;
  const shared = share(odd, JSON.parse('{"__proto__": {"x": 1}, "a": 2}'));
  expect(Object.getPrototypeOf(shared)).toBe(Object.prototype);
  expect(JSON.stringify(shared)).toBe('{"__proto__":{"x":1},"a":1}');
});
