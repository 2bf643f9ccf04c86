import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  datedUser,
  dueRotation,
  fitsDate,
  isDatedUser,
  keptSince,
  timeOf,
  type RotationInput,
} from './rotation.ts';

const now = Date.parse('2026-11-21T16:00:00Z');
const inDays = (days: number) => new Date(now + days * 86_400_000).toISOString().replace('.000Z', 'Z');

const due = (input: Partial<RotationInput>) =>
  dueRotation({
    role: 'foo_user',
    style: 'new user',
    username: 'foo_user',
    nextRotation: inDays(10),
    now,
    intervalDays: 90,
    ...input,
  });

describe.each([
  // [what happens, input, user name, new password, nextRotation]
  ['nothing before it is due', {}, undefined],
  ['nothing before it is due, in place', { style: 'in place' }, undefined],
  ['nothing without rotation', { style: undefined, nextRotation: undefined }, undefined],
  ['an old date stays where rotation in place was switched off', { style: undefined }, undefined],
  ['the first date is set', { nextRotation: undefined }, ['foo_user', false, inDays(90)]],
  [
    'the first date is set, in place',
    { style: 'in place', nextRotation: '' },
    ['foo_user', false, inDays(90)],
  ],
  ['what is no date is set anew', { nextRotation: 'tomorrow' }, ['foo_user', false, inDays(90)]],
  [
    'a shorter interval pulls the date in',
    { nextRotation: inDays(80), intervalDays: 30 },
    ['foo_user', false, inDays(30)],
  ],
  ['a longer interval does not put it off', { nextRotation: inDays(10), intervalDays: 365 }, undefined],
  ['a due one makes a new user', { nextRotation: inDays(0) }, ['foo_user261121', true, inDays(90)]],
  [
    'one long overdue is done once',
    { nextRotation: '2020-01-01T00:00:00Z' },
    ['foo_user261121', true, inDays(90)],
  ],
  [
    'a due one in place keeps the name',
    { style: 'in place', nextRotation: inDays(-1) },
    ['foo_user', true, inDays(90)],
  ],
  [
    'the next new user follows the one before',
    { username: 'foo_user260823', nextRotation: inDays(0) },
    ['foo_user261121', true, inDays(90)],
  ],
  [
    'a second one on one day gives the same user another password',
    { username: 'foo_user261121', nextRotation: inDays(0) },
    ['foo_user261121', true, inDays(90)],
  ],
  [
    'switched off: back to the role, with another password',
    { style: undefined, username: 'foo_user261121' },
    ['foo_user', true, ''],
  ],
  [
    'switched to in place: at once',
    { style: 'in place', username: 'foo_user261121', nextRotation: inDays(80) },
    ['foo_user', true, inDays(90)],
  ],
  ['switched to new users: with the next one', { username: 'foo_user', nextRotation: inDays(1) }, undefined],
] as [string, Partial<RotationInput>, [string, boolean, string] | undefined][])(
  '%s',
  (_, input, expected) => {
    test('as decided', () => {
      const found = due(input);
      expect(found && [found.username, found.newPassword, found.nextRotation]).toEqual(expected);
    });

    test('and then nothing is left to do', () => {
      const found = due(input);
      if (found === undefined) return;
      const { username, nextRotation } = found;
      expect(due({ ...input, username, nextRotation })).toBeUndefined();
    });
  },
);

test('whatever the Secret says, one decision settles it (for any text, time and interval)', () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.string(), fc.date({ noInvalidDate: true }).map(String), fc.constant(undefined)),
      fc.integer({ min: Date.parse('2001-01-01'), max: Date.parse('2090-01-01') }),
      fc.integer({ min: 1, max: 10_000 }),
      fc.constantFrom('new user' as const, 'in place' as const, undefined),
      (nextRotation, time, intervalDays, style) => {
        const input = { nextRotation, now: time, intervalDays, style };
        const first = due(input);
        if (first === undefined) return;
        const { username, nextRotation: next } = first;
        expect(due({ ...input, username, nextRotation: next })).toBeUndefined();
      },
    ),
  );
});

test('dates are those of UTC', () => {
  expect(datedUser('foo', Date.parse('2026-12-31T23:59:59Z'))).toBe('foo261231');
  expect(datedUser('foo', Date.parse('2027-01-01T00:30:00+02:00'))).toBe('foo261231');
});

test('which users a rotation made', () => {
  expect(isDatedUser('foo', 'foo261121')).toBe(true);
  for (const other of [
    'foo',
    'foo_261121',
    'foo2611211',
    'foo261321',
    'foo260230',
    'fo261121',
    'foo_x240101',
  ])
    expect(isDatedUser('foo', other)).toBe(false);
});

test('times as RFC 3339 allows them', () => {
  expect(timeOf('2026-11-21T16:00:00Z')).toBe(now);
  expect(timeOf('2026-11-21t18:00:00.5+02:00')).toBe(now + 500);
  for (const text of [undefined, '', '2026-11-21', '1700000000', '2026-13-01T00:00:00Z'])
    expect(timeOf(text)).toBeUndefined();
});

test('names that have no room for a date', () => {
  expect(fitsDate('x'.repeat(57))).toBe(true);
  expect(fitsDate('x'.repeat(58))).toBe(false);
  expect(fitsDate('ü'.repeat(29))).toBe(false);
});

test('old users are kept for the retention, and never for less than two intervals', () => {
  expect(keptSince(now, 180, 30)).toBe('260525');
  expect(keptSince(now, 1, 30)).toBe('260922');
});

test('however long passwords last and users are kept: for ever is for ever, and a time can be written down', () => {
  for (const days of [10_000, 36_500, 1e9, Number.MAX_SAFE_INTEGER]) {
    expect(keptSince(now, days, 30)).toBe('000101');
    const first = due({ nextRotation: undefined, intervalDays: days });
    const again = { nextRotation: first?.nextRotation, intervalDays: days };
    expect(timeOf(first?.nextRotation)).toBeGreaterThan(now);
    expect(due(again)).toBeUndefined();
  }
});
