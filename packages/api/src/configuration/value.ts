import type { JsonSchema } from '../schema/json-schema.ts';

/** How a setting is written, in either form of the configuration, and what it becomes. */
export interface ValueKind<T> {
  /** For the reference documentation. */
  name: string;
  /** Of the text of a ConfigMap entry. Throws an Error that says what is expected. */
  parse(text: string): T;
  /**
   * Of what is no text in an `OperatorConfiguration`: numbers, lists, objects. Throws an Error that says what is
   * expected. Absent: nothing but text is taken.
   */
  read?(value: unknown): T;
  /** What an entry with an empty text means; absent: the same as no entry, with a warning. */
  empty?: T;
  /** Of the setting in the CustomResourceDefinition. */
  schema: JsonSchema;
  /** How a value would be written in the ConfigMap, where that does not go without saying. */
  write?(value: T): string;
}

const units: Record<string, number> = { ns: 1e-6, us: 1e-3, µs: 1e-3, ms: 1, s: 1e3, m: 6e4, h: 3.6e6 };
const durationPattern = String.raw`^\+?((\d+(\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h))+$`;

/**
 * Milliseconds of a duration in Go's notation, e.g. `30s`, `1h30m`, `1.5h`, `0`. Throws when it is none, or negative:
 * no setting has a use for that.
 */
export function parseDuration(text: string): number {
  if (text === '0' || text === '+0') return 0;
  if (!new RegExp(durationPattern).test(text))
    throw new Error('expected a duration such as `30s`, `5m` or `1h30m`');
  let milliseconds = 0;
  for (const [, amount = '', unit = ''] of text.matchAll(/(\d+\.?\d*|\.\d+)(ns|us|µs|ms|s|m|h)/g))
    milliseconds += Number(amount) * (units[unit] ?? Number.NaN);
  return milliseconds;
}

/** Milliseconds in Go's notation, in the largest unit that leaves a whole number. */
export function writeDuration(milliseconds: number): string {
  const unit = ['h', 'm', 's'].find((name) => milliseconds % (units[name] ?? 1) === 0) ?? 'ms';
  return `${milliseconds / (units[unit] ?? 1)}${unit}`;
}

/** The words that Go's `strconv.ParseBool` takes. */
const booleans = new Map([
  ...['1', 't', 'T', 'TRUE', 'true', 'True'].map((word) => [word, true] as const),
  ...['0', 'f', 'F', 'FALSE', 'false', 'False'].map((word) => [word, false] as const),
]);

/** What YAML reads as a number or boolean is taken for the text that was meant. */
export function scalarText(value: unknown, expected: string): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw new Error(`expected ${expected}`);
}

export const text: ValueKind<string> = {
  name: 'string',
  parse: (value) => value,
  read: (value) => scalarText(value, 'a text'),
  empty: '',
  schema: { type: 'string' },
};

export const boolean: ValueKind<boolean> = {
  name: 'boolean',
  parse(value) {
    const parsed = booleans.get(value);
    if (parsed === undefined) throw new Error('expected `true` or `false`');
    return parsed;
  },
  read(value) {
    if (typeof value !== 'boolean') throw new Error('expected `true` or `false`');
    return value;
  },
  schema: { type: 'boolean' },
};

export const integer: ValueKind<number> = {
  name: 'integer',
  parse(value) {
    const parsed = /^[-+]?(\d+|0x[\da-f]+)$/i.test(value)
      ? Number(value.replace(/^[-+]/, '')) * (value.startsWith('-') ? -1 : 1)
      : Number.NaN;
    if (!Number.isSafeInteger(parsed)) throw new Error('expected a whole number');
    return parsed;
  },
  read(value) {
    if (!Number.isSafeInteger(value)) throw new Error('expected a whole number');
    return value as number;
  },
  schema: { type: 'integer' },
};

/** Milliseconds. */
export const duration: ValueKind<number> = {
  name: 'duration',
  parse: parseDuration,
  schema: { type: 'string', pattern: `^[+]?0?$|${durationPattern}` },
  write: writeDuration,
};

/** The same, but an empty text means that there is no value. */
export function optional<T>(kind: ValueKind<T>): ValueKind<T | undefined> {
  return { ...kind, empty: undefined };
}
