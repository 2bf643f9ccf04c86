/** How the text of one ConfigMap entry becomes a value. */
export interface ValueKind<T> {
  /** For the reference documentation. */
  name: string;
  /** Throws an Error that says what is expected. */
  parse(text: string): T;
  /** What an entry with an empty text means; absent: the same as no entry, with a warning. */
  empty?: T;
}

const units: Record<string, number> = { ns: 1e-6, us: 1e-3, µs: 1e-3, ms: 1, s: 1e3, m: 6e4, h: 3.6e6 };

/**
 * Milliseconds of a duration in Go's notation, e.g. `30s`, `1h30m`, `1.5h`, `0`. Throws when it is none, or negative:
 * no setting has a use for that.
 */
export function parseDuration(text: string): number {
  if (text === '0' || text === '+0') return 0;
  const match = /^\+?((?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|ms|s|m|h))+$/.exec(text);
  if (!match) throw new Error('expected a duration such as `30s`, `5m` or `1h30m`');
  let milliseconds = 0;
  for (const [, amount = '', unit = ''] of text.matchAll(/(\d+\.?\d*|\.\d+)(ns|us|µs|ms|s|m|h)/g))
    milliseconds += Number(amount) * (units[unit] ?? Number.NaN);
  return milliseconds;
}

/** The words that Go's `strconv.ParseBool` takes. */
const booleans = new Map([
  ...['1', 't', 'T', 'TRUE', 'true', 'True'].map((word) => [word, true] as const),
  ...['0', 'f', 'F', 'FALSE', 'false', 'False'].map((word) => [word, false] as const),
]);

/** Splits at commas, but not inside single or double quotes. */
function splitUnquoted(text: string): string[] {
  const parts = [''];
  let quote = '';
  for (const char of text) {
    if (quote === '' && char === ',') {
      parts.push('');
      continue;
    }
    if (quote === '' && (char === '"' || char === "'")) quote = char;
    else if (char === quote) quote = '';
    parts[parts.length - 1] += char;
  }
  return parts.map((part) => part.trim()).filter((part) => part !== '');
}

export const text: ValueKind<string> = { name: 'string', parse: (value) => value, empty: '' };

export const boolean: ValueKind<boolean> = {
  name: 'boolean',
  parse(value) {
    const parsed = booleans.get(value);
    if (parsed === undefined) throw new Error('expected `true` or `false`');
    return parsed;
  },
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
};

/** Milliseconds. */
export const duration: ValueKind<number> = { name: 'duration', parse: parseDuration };

export const list: ValueKind<string[]> = {
  name: 'list',
  parse: (value) =>
    value
      .split(',')
      .map((item) => item.trim())
      .filter((item) => item !== ''),
  empty: [],
};

/**
 * `key:value,key:value`. Zalando's operator allows one colon only in each pair; here everything after the first one
 * is the value, so that URLs and times are possible.
 */
export const map: ValueKind<Record<string, string>> = {
  name: 'map',
  parse(value) {
    return Object.fromEntries(
      splitUnquoted(value).map((pair) => {
        const colon = pair.indexOf(':');
        if (colon < 1)
          throw new Error(`expected \`key:value\` pairs with commas between them, found \`${pair}\``);
        return [pair.slice(0, colon).trim(), pair.slice(colon + 1).trim()];
      }),
    );
  },
  empty: {},
};

/** One of the given words. */
export function oneOf<const V extends string>(...words: V[]): ValueKind<V> {
  return {
    name: words.join(' | '),
    parse(value) {
      const found = words.find((word) => word === value);
      if (found === undefined)
        throw new Error(`expected one of ${words.map((word) => `\`${word}\``).join(', ')}`);
      return found;
    },
  };
}

/** The same, but an empty text means that there is no value. */
export function optional<T>(kind: ValueKind<T>): ValueKind<T | undefined> {
  return { name: kind.name, parse: (value) => kind.parse(value), empty: undefined };
}
