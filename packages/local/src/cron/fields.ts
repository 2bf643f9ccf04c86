/** One of the five places of a schedule. */
interface Place {
  min: number;
  max: number;
  /** Names that stand for numbers from `first` on. */
  names?: readonly string[];
  first?: number;
}

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const weekdays = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

/** In the order in which they are written. */
export const places = {
  minute: { min: 0, max: 59 },
  hour: { min: 0, max: 23 },
  day: { min: 1, max: 31 },
  month: { min: 1, max: 12, names: months, first: 1 },
  weekday: { min: 0, max: 6, names: weekdays, first: 0 },
} as const satisfies Record<string, Place>;

/** What one place allows. */
export interface CronField {
  values: ReadonlySet<number>;
  /** `*` or `?` is among what was written: the place does not restrict the day by itself. */
  star: boolean;
}

/**
 * Reads one place: numbers, names, ranges, steps, lists.
 *
 * @throws Error in the words of the parser that the API server uses.
 */
export function parseField(text: string, place: Place): CronField {
  const values = new Set<number>();
  let star = false;
  for (const part of text.split(',').filter((each) => each !== '')) {
    const range = parseRange(part, place);
    for (let value = range.start; value <= range.end; value += range.step) values.add(value);
    star ||= range.star;
  }
  return { values, star };
}

interface Range {
  start: number;
  end: number;
  step: number;
  star: boolean;
}

function parseRange(text: string, place: Place): Range {
  const [span = '', ...steps] = text.split('/');
  const [low = '', ...highs] = span.split('-');
  const all = low === '*' || low === '?';
  if (!all && highs.length > 1) throw new Error(`too many hyphens: ${text}`);
  const start = all ? place.min : parseNumber(low, place);
  let end = all ? place.max : highs[0] === undefined ? start : parseNumber(highs[0], place);
  if (steps.length > 1) throw new Error(`too many slashes: ${text}`);
  const step = steps[0] === undefined ? 1 : parseInteger(steps[0]);
  // `3/10` goes on to the end of the place.
  if (steps.length === 1 && highs.length === 0) end = place.max;
  if (start < place.min) {
    throw new Error(`beginning of range (${start}) below minimum (${place.min}): ${text}`);
  }
  if (end > place.max) throw new Error(`end of range (${end}) above maximum (${place.max}): ${text}`);
  if (start > end) throw new Error(`beginning of range (${start}) beyond end of range (${end}): ${text}`);
  if (step === 0) throw new Error(`step of range should be a positive number: ${text}`);
  return { start, end, step, star: all && step === 1 };
}

function parseNumber(text: string, { names = [], first = 0 }: Place): number {
  const named = names.indexOf(text.toLowerCase());
  return named < 0 ? parseInteger(text) : named + first;
}

function parseInteger(text: string): number {
  if (!/^[+-]?[0-9]+$/.test(text)) {
    const why = `strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`;
    throw new Error(`failed to parse int from ${text}: ${why}`);
  }
  const number = Number(text);
  if (number < 0) throw new Error(`negative number (${number}) not allowed: ${text}`);
  return number;
}
