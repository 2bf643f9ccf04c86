import { afterEach, beforeEach, expect, test } from 'vitest';
import { formatMoment, formatWritten, parseMoment } from './moment.ts';

const zone = process.env['TZ'];
beforeEach(() => {
  process.env['TZ'] = 'Europe/Berlin';
});
afterEach(() => {
  if (zone === undefined) delete process.env['TZ'];
  else process.env['TZ'] = zone;
});

const now = new Date('2030-03-30T12:00:00Z');

test.each([
  ['2030-04-01T03:00:00Z', '2030-04-01T03:00:00.000Z'],
  ['2030-04-01 03:00+05:30', '2030-03-31T21:30:00.000Z'],
  ['2030-04-01t03:00:00.5z', '2030-04-01T03:00:00.500Z'],
  ['2030-04-01 03:00', '2030-04-01T01:00:00.000Z'],
  ['2030-12-01T03:00:07', '2030-12-01T02:00:07.000Z'],
  ['23:15', '2030-03-30T22:15:00.000Z'],
  ['13:00', '2030-03-31T11:00:00.000Z'],
])('%s', (written, expected) => {
  expect(parseMoment(written, now).toISOString()).toBe(expected);
});

test.each([
  ['2030-03-30T11:59:59Z', 'that is past'],
  ['2029-01-01 00:00', 'that is past'],
  ['tomorrow', 'not understood'],
  ['', 'not understood'],
  ['25:00', 'no such time'],
  ['2030-02-30 12:00', 'never shows it'],
  // The clock is put forward from 02:00 to 03:00.
  ['2030-03-31 02:30', 'never shows it'],
  ['2030-13-01T00:00:00Z', 'no such time'],
])('%s is refused', (written, why) => {
  expect(() => parseMoment(written, now)).toThrow(why);
});

test('shown with offset and name of the zone', () => {
  expect(formatMoment(now)).toBe('2030-03-30 13:00:00 +01:00 (Europe/Berlin)');
  expect(formatWritten('2030-06-30T12:00:00+00:00')).toBe('2030-06-30 14:00:00 +02:00 (Europe/Berlin)');
  expect(formatWritten('who knows')).toBe('who knows');
});
