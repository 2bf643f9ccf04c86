import { expect, test } from 'vitest';
import { timeZoneProblem } from './local-time.ts';
import { parseSchedule } from './schedule.ts';

const times = (text: string, after: string, count: number, zone?: string): (string | undefined)[] => {
  const schedule = parseSchedule(text, zone);
  const found: (string | undefined)[] = [];
  let at: number | undefined = Date.parse(after);
  for (let n = 0; n < count && at !== undefined; n++) {
    at = schedule.next(at);
    found.push(at === undefined ? undefined : new Date(at).toISOString().replace(':00.000Z', ''));
  }
  return found;
};

test.each([
  ['* * * * *', '2026-01-01T00:00:00Z', ['2026-01-01T00:01', '2026-01-01T00:02']],
  ['* * * * *', '2026-01-01T00:00:59.999Z', ['2026-01-01T00:01', '2026-01-01T00:02']],
  ['*/15 * * * *', '2026-01-01T00:16:30Z', ['2026-01-01T00:30', '2026-01-01T00:45']],
  ['5-10/5,40 3 * * ?', '2026-01-01T03:05:00Z', ['2026-01-01T03:10', '2026-01-01T03:40', '2026-01-02T03:05']],
  ['50/4 0 * * *', '2026-01-01T00:00:00Z', ['2026-01-01T00:50', '2026-01-01T00:54', '2026-01-01T00:58']],
  ['30 00 * * *', '2026-02-28T01:00:00Z', ['2026-03-01T00:30', '2026-03-02T00:30']],
  ['0 0 29 FEB *', '2026-01-01T00:00:00Z', ['2028-02-29T00:00']],
  ['0 0 31 2 *', '2026-01-01T00:00:00Z', [undefined]],
  // Two restrictions of the day: one is enough. A star (also with a step of one) restricts nothing, other steps do.
  ['0 0 13 * 5', '2026-02-07T00:00:00Z', ['2026-02-13T00:00', '2026-02-20T00:00', '2026-02-27T00:00']],
  ['0 0 13 * */1', '2026-02-07T00:00:00Z', ['2026-02-13T00:00', '2026-03-13T00:00']],
  ['0 0 13 * */6', '2026-02-07T00:00:00Z', ['2026-02-08T00:00', '2026-02-13T00:00', '2026-02-14T00:00']],
  ['0 0 * * mon-TUE', '2026-01-01T00:00:00Z', ['2026-01-05T00:00', '2026-01-06T00:00']],
  ['@hourly', '2026-01-01T00:30:00Z', ['2026-01-01T01:00']],
  ['@weekly', '2026-01-01T00:30:00Z', ['2026-01-04T00:00']],
  ['@yearly', '2026-01-01T00:30:00Z', ['2027-01-01T00:00']],
  ['@every 1h30m', '2026-01-01T00:30:00.500Z', ['2026-01-01T02:00', '2026-01-01T03:30']],
])('%s after %s', (text, after, wanted) => {
  expect(times(text, after, wanted.length)).toEqual(wanted);
});

test('in a time zone, over both changes of the clocks', () => {
  expect(times('30 2 * * *', '2026-03-27T12:00:00Z', 3, 'Europe/Berlin')).toEqual([
    '2026-03-28T01:30',
    // The clocks leap from 2 to 3 on the 29th.
    '2026-03-30T00:30',
    '2026-03-31T00:30',
  ]);
  expect(times('30 2 * * *', '2026-10-24T12:00:00Z', 3, 'Europe/Berlin')).toEqual([
    '2026-10-25T00:30',
    '2026-10-25T01:30',
    '2026-10-26T01:30',
  ]);
  expect(times('0 0 * * *', '2026-01-01T12:00:00Z', 1, 'Asia/Kolkata')).toEqual(['2026-01-01T18:30']);
});

test('seconds of @every are whole, and at least one', () => {
  const schedule = parseSchedule('@every 1ms');
  expect(schedule.next(1500)).toBe(2000);
  expect(parseSchedule('@every 2.7s').next(1000)).toBe(3000);
});

test.each([
  ['', 'empty spec string'],
  ['* * * *', 'expected exactly 5 fields, found 4: [* * * *]'],
  ['* * * * * *', 'expected exactly 5 fields, found 6: [* * * * * *]'],
  ['60 * * * *', 'end of range (60) above maximum (59): 60'],
  ['* * 0 * *', 'beginning of range (0) below minimum (1): 0'],
  ['* * * * 7', 'end of range (7) above maximum (6): 7'],
  ['5-3 * * * *', 'beginning of range (5) beyond end of range (3): 5-3'],
  ['*/0 * * * *', 'step of range should be a positive number: */0'],
  ['1-2-3 * * * *', 'too many hyphens: 1-2-3'],
  ['1/2/3 * * * *', 'too many slashes: 1/2/3'],
  ['a * * * *', 'failed to parse int from a: strconv.Atoi: parsing "a": invalid syntax'],
  ['L * * * *', 'failed to parse int from L'],
  ['@reboot', 'unrecognized descriptor: @reboot'],
  ['@every x', 'failed to parse duration @every x: time: invalid duration "x"'],
])('%j is no schedule', (text, why) => {
  expect(() => parseSchedule(text)).toThrow(why);
});

test('time zones are names of the database, in its letters', () => {
  for (const zone of ['UTC', 'Etc/UTC', 'Europe/Berlin', 'Asia/Calcutta', 'US/Eastern', 'Etc/GMT+3'])
    expect(timeZoneProblem(zone)).toBeUndefined();
  for (const zone of ['europe/berlin', 'Mars/Base', '+01:00', '../etc/passwd'])
    expect(timeZoneProblem(zone)).toBe(`unknown time zone ${zone}`);
  expect(timeZoneProblem('')).toContain('non-empty');
  expect(timeZoneProblem('Local')).toContain('explicit time zone');
});
