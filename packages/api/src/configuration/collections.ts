import { labelValue, maintenanceWindowPattern } from '../postgresql/patterns.ts';
import { type ValueKind, scalarText } from './value.ts';
import { labelName } from './words.ts';

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

/** The value that `text` is the JSON of; undefined if it does not begin like it, or is none. */
export function jsonOf(text: string): unknown {
  if (!/^[[{]/.test(text)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A list whose items `check` has no objection to; it throws what is expected instead. */
function listOf(name: string, expected: string, check: (item: string) => void): ValueKind<string[]> {
  const read = (value: unknown): string[] => {
    if (!Array.isArray(value)) throw new Error(`expected ${expected}`);
    return value.map((item) => {
      const read = scalarText(item, expected).trim();
      check(read);
      return read;
    });
  };
  return {
    name,
    parse: (value) =>
      read(
        jsonOf(value) ??
          value
            .split(',')
            .map((item) => item.trim())
            .filter((item) => item !== ''),
      ),
    read,
    empty: [],
    schema: { type: 'array', nullable: true, items: { type: 'string' } },
  };
}

/** `one,two` */
export const list = listOf('list', 'a list of texts', () => undefined);

/** Names of labels or annotations. */
export const labelNames = listOf('list of names', 'a list of names of labels or annotations', (item) => {
  labelName.parse(item);
});

/** Regular expressions that names of annotations are matched with. */
export const expressions = listOf('list of expressions', 'a list of regular expressions', (item) => {
  try {
    RegExp(item);
  } catch {
    throw new Error(`expected regular expressions, found \`${item}\``);
  }
});

/** Linux capabilities such as `SYS_NICE`. */
export const capabilities = listOf('list', 'a list of Linux capabilities', (item) => {
  if (!/^[A-Za-z_]+$/.test(item)) throw new Error('expected names of Linux capabilities such as `SYS_NICE`');
});

/** `HH:MM-HH:MM` or `Www:HH:MM-HH:MM`. */
export const maintenanceWindows: ValueKind<string[]> = listOf(
  'list of windows',
  'a list of windows such as `01:00-06:00` or `Sat:00:00-04:00`',
  (item) => {
    if (!new RegExp(maintenanceWindowPattern).test(item))
      throw new Error(`expected windows such as \`01:00-06:00\` or \`Sat:00:00-04:00\`, found \`${item}\``);
  },
);

type Texts = Record<string, string>;

/** A map whose pairs `check` has no objection to; it throws what is expected instead. */
function mapOf(name: string, check: (key: string, value: string) => void): ValueKind<Texts> {
  const checked = (pairs: [string, string][]): Texts => {
    for (const [key, value] of pairs) check(key, value);
    return Object.fromEntries(pairs);
  };
  const read = (value: unknown): Texts => {
    if (!isObject(value)) throw new Error('expected a map of texts');
    return checked(Object.entries(value).map(([key, item]) => [key, scalarText(item, 'a map of texts')]));
  };
  return {
    name,
    parse(value) {
      const json = jsonOf(value);
      if (json !== undefined) return read(json);
      return checked(
        splitUnquoted(value).map((pair) => {
          const colon = pair.indexOf(':');
          if (colon < 1)
            throw new Error(`expected \`key:value\` pairs with commas between them, found \`${pair}\``);
          return [pair.slice(0, colon).trim(), pair.slice(colon + 1).trim()];
        }),
      );
    },
    read,
    empty: {},
    schema: { type: 'object', nullable: true, additionalProperties: { type: 'string' } },
  };
}

/**
 * `key:value,key:value`. Zalando's operator allows one colon only in each pair; here everything after the first one
 * is the value, so that URLs and times are possible.
 */
export const map = mapOf('map', () => undefined);

/** Annotations: names are checked, values are free. */
export const annotations = mapOf('map', (key) => {
  labelName.parse(key);
});

/** Labels: names and values are checked. */
export const labels = mapOf('map', (key, value) => {
  labelName.parse(key);
  if (!labelValue.test(value))
    throw new Error(
      'expected values with letters, digits, dashes, dots and underscores, at most 63 characters',
    );
});

/** A map with known keys; those with words take no others. */
function mapWith(members: Record<string, string[]>): ValueKind<Texts> {
  return mapOf('map', (key, value) => {
    const words = Object.hasOwn(members, key) ? members[key] : undefined;
    if (words === undefined)
      throw new Error(`expected the keys ${Object.keys(members).join(', ')}, found \`${key}\``);
    if (words.length > 0 && !words.includes(value))
      throw new Error(`expected ${words.join(' or ')} for ${key}, found \`${value}\``);
  });
}

/** One toleration. */
export const toleration = mapWith({
  key: [],
  operator: ['Exists', 'Equal'],
  value: [],
  effect: ['NoSchedule', 'PreferNoSchedule', 'NoExecute'],
});

/** What a StatefulSet does with volumes. */
export const retentionPolicy = mapWith({
  when_deleted: ['retain', 'delete'],
  when_scaled: ['retain', 'delete'],
});
