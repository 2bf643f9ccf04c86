import { parseDuration } from './duration.ts';
import { parseField, places, type CronField } from './fields.ts';
import { clockOf, type LocalTime } from './local-time.ts';

/** When something is due again and again. */
export interface Schedule {
  /** The first due time after `time`, both in milliseconds since 1970; undefined when there is none in five years. */
  next(time: number): number | undefined;
}

const minuteMs = 60_000;
const dayMinutes = 24 * 60;
const horizonMs = 5 * 366 * dayMinutes * minuteMs;

const descriptors: Record<string, string> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
};

/**
 * Reads the schedule of a CronJob: five places, `@hourly` and its like, or `@every 1h30m`. These are the rules of the
 * parser in Kubernetes' controller, which differ from other crons': Sunday is 0 only; what falls into the hour that
 * the clocks leap over is left out, what falls into the hour that comes twice is due twice.
 *
 * @param zone name of a time zone that exists; the controller's own is UTC.
 * @throws Error in that parser's words.
 */
export function parseSchedule(text: string, zone = 'UTC'): Schedule {
  if (text === '') throw new Error('empty spec string');
  if (text.startsWith('@every ')) return every(text);
  const known = Object.hasOwn(descriptors, text) ? descriptors[text] : undefined;
  if (text.startsWith('@') && known === undefined) throw new Error(`unrecognized descriptor: ${text}`);
  const fields = (known ?? text)
    .trim()
    .split(/\s+/)
    .filter((each) => each !== '');
  if (fields.length !== 5) {
    throw new Error(`expected exactly 5 fields, found ${fields.length}: [${fields.join(' ')}]`);
  }
  const [minute = '', hour = '', day = '', month = '', weekday = ''] = fields;
  return calendar(
    {
      minute: parseField(minute, places.minute),
      hour: parseField(hour, places.hour),
      day: parseField(day, places.day),
      month: parseField(month, places.month),
      weekday: parseField(weekday, places.weekday),
    },
    zone,
  );
}

/** From any time on in equal steps of whole seconds, at least one. */
function every(text: string): Schedule {
  const given = text.slice('@every '.length);
  let milliseconds: number;
  try {
    milliseconds = parseDuration(given);
  } catch (error) {
    throw new Error(`failed to parse duration ${text}: ${(error as Error).message}`, { cause: error });
  }
  const step = Math.max(1000, Math.floor(milliseconds / 1000) * 1000);
  return { next: (time) => Math.floor(time / 1000) * 1000 + step };
}

type Places = Record<keyof typeof places, CronField>;

function calendar(fields: Places, zone: string): Schedule {
  const clock = clockOf(zone);
  return {
    next(time) {
      let at = Math.floor(time / minuteMs) * minuteMs + minuteMs;
      while (at <= time + horizonMs) {
        const local = clock(at);
        if (!isDay(fields, local)) at += toNextDay(local) * minuteMs;
        else if (!fields.hour.values.has(local.hour)) at += (60 - local.minute) * minuteMs;
        else if (!fields.minute.values.has(local.minute)) at += minuteMs;
        else return at;
      }
      return undefined;
    },
  };
}

/** Of two restrictions of the day one is enough; one alone counts. */
function isDay({ day, month, weekday }: Places, local: LocalTime): boolean {
  if (!month.values.has(local.month)) return false;
  const inMonth = day.values.has(local.day);
  const inWeek = weekday.values.has(local.weekday);
  return day.star || weekday.star ? inMonth && inWeek : inMonth || inWeek;
}

/** Minutes that surely do not lead beyond the day's end, however the clocks are changed meanwhile. */
function toNextDay({ hour, minute }: LocalTime): number {
  const left = dayMinutes - hour * 60 - minute;
  return left > 180 ? left - 120 : 60 - minute;
}
