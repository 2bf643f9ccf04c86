import { cpuPattern, cronPattern, shareOrSizePattern, sizePattern } from '../postgresql/patterns.ts';
import { type ValueKind, scalarText } from './value.ts';

/** A text that must match `pattern`, or be empty; `expected` says it in words. */
function matching(name: string, pattern: string, expected: string): ValueKind<string> {
  const expression = new RegExp(pattern);
  const parse = (value: string): string => {
    if (!expression.test(value)) throw new Error(`expected ${expected}`);
    return value;
  };
  return {
    name,
    parse,
    read: (value) => parse(scalarText(value, expected)),
    empty: '',
    schema: { type: 'string', pattern: `^$|${pattern}` },
  };
}

/** Amount of CPU. */
export const cpu = matching('CPU', cpuPattern, 'an amount of CPU such as `500m` or `0.5`');

/** Amount of memory. */
/** A percentage, or an amount of storage. */
export const shareOrSize = matching(
  'percentage or size',
  shareOrSizePattern,
  'a percentage such as `2%` or an amount of storage such as `5Gi`',
);
export const memory = matching('memory', sizePattern, 'an amount of memory such as `500Mi` or `1Gi`');

/** Schedule of a CronJob. */
export const schedule = matching(
  'schedule',
  cronPattern,
  'a schedule of five fields, each a number, `*` or a step, such as `30 00 * * *`',
);

/** Major version of PostgreSQL. */
export const majorVersion = matching(
  'version',
  String.raw`^[1-9]\d+$`,
  'a major version of PostgreSQL such as `17`',
);

const qualifiedName = String.raw`^([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$`;

/** Name of a label or annotation. */
export const labelName = matching(
  'label name',
  qualifiedName,
  'the name of a label or annotation such as `spilo-role` or `example.org/team`',
);

/** Name of an object; where several of one name may be, it also has dots. */
export const objectName = matching(
  'object name',
  String.raw`^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$`,
  'the name of an object: lower-case letters, digits, dashes and dots',
);

/** Namespaces, by name with commas between them, or `*`. */
export const namespaceNames: ValueKind<string> = {
  name: 'namespaces',
  parse(value) {
    const names = value.split(',').map((name) => name.trim());
    const isAll = names.length === 1 && names[0] === '*';
    if (!isAll && !names.every((name) => /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(name)))
      throw new Error('expected `*`, or names of namespaces with commas between them');
    return names.join(',');
  },
  empty: '',
  schema: { type: 'string' },
};

/** URL of an HTTP server. */
export const url = matching(
  'URL',
  String.raw`^https?://[^\s/]+(/\S*)?$`,
  'a URL such as `https://example.org/`',
);

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
    schema: { type: 'string', enum: words },
  };
}

/**
 * A text in which placeholders are replaced. `required` must be in it, or else several objects would share a name;
 * `optional` may be.
 */
export function template(required: string[], optional: string[] = []): ValueKind<string> {
  const known = [...required, ...optional];
  const parse = (value: string): string => {
    for (const name of required)
      if (!value.includes(`{${name}}`))
        throw new Error(`expected a text with {${name}} in it, or else several objects would share one name`);
    for (const [placeholder, name = ''] of value.matchAll(/\{([^{}]*)\}/g))
      if (!known.includes(name))
        throw new Error(
          `expected no other placeholders than ${known.map((each) => `{${each}}`).join(', ')}, found ${placeholder}`,
        );
    return value;
  };
  return { name: 'template', parse, empty: '', schema: { type: 'string' } };
}

/** Name of an object that may be in another namespace. */
export interface NamespacedName {
  /** Absent: the operator's own. */
  namespace?: string;
  name: string;
}

/** `[namespace/]name`; an empty text means that there is none. */
export const namespacedName: ValueKind<NamespacedName | undefined> = {
  name: '[namespace/]name',
  parse(value) {
    const [, namespace, name = ''] = /^(?:([^/]+)\/)?([^/]+)$/.exec(value) ?? [];
    try {
      if (namespace !== undefined) objectName.parse(namespace);
      objectName.parse(name);
    } catch {
      throw new Error('expected `name` or `namespace/name` of an object');
    }
    return namespace === undefined ? { name } : { namespace, name };
  },
  empty: undefined,
  schema: { type: 'string' },
  write: (value) => [value?.namespace ?? [], value?.name ?? []].flat().join('/'),
};
