import fc from 'fast-check';
import { expect, test } from 'vitest';
import { windowState } from './window.ts';

/** A Saturday. */
const saturday = (time: string): number => Date.parse(`2030-06-01T${time}Z`);

test.each<[string[], string, boolean, string | undefined]>([
  [[], '12:00:00', true, undefined],
  [['01:00-06:00'], '01:00:00', true, undefined],
  [['01:00-06:00'], '00:59:59', false, '2030-06-01T01:00:00.000Z'],
  // The last minute belongs to it.
  [['01:00-06:00'], '06:00:59', true, undefined],
  [['01:00-06:00'], '06:01:00', false, '2030-06-02T01:00:00.000Z'],
  [['Sat:00:00-04:00'], '03:30:00', true, undefined],
  [['Sat:00:00-04:00'], '05:00:00', false, '2030-06-08T00:00:00.000Z'],
  [['Fri:23:00-23:59', 'Sun:2:5-3:0'], '12:00:00', false, '2030-06-02T02:05:00.000Z'],
  [['Mon:01:00-02:00', '22:00-23:00'], '12:00:00', false, '2030-06-01T22:00:00.000Z'],
])('%s at %s: open %s, opens %s', (windows, time, isOpen, opensAt) => {
  expect(windowState(windows, saturday(time))).toEqual({
    isOpen,
    ...(opensAt === undefined ? {} : { opensAt: Date.parse(opensAt) }),
  });
});

test('when it opens, it is open, and a moment before it is not', () => {
  const time = fc.tuple(fc.integer({ min: 0, max: 23 }), fc.integer({ min: 0, max: 59 }));
  const text = ([hour, minute]: [number, number]): string => `${hour}:${minute}`;
  const day = fc.constantFrom('', 'Mon:', 'Wed:', 'Sun:');
  fc.assert(
    fc.property(day, time, time, fc.integer({ min: 0, max: 2e12 }), (name, a, b, now) => {
      const [from, to] = [a, b].toSorted((x, y) => x[0] * 60 + x[1] - (y[0] * 60 + y[1]));
      const windows = [`${name}${text(from ?? a)}-${text(to ?? b)}`];
      const { isOpen, opensAt } = windowState(windows, now);
      if (isOpen || opensAt === undefined) return;
      expect(opensAt).toBeGreaterThan(now);
      expect(windowState(windows, opensAt).isOpen).toBe(true);
      expect(windowState(windows, opensAt - 1).isOpen).toBe(false);
    }),
  );
});
