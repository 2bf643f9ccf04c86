import { isDeepStrictEqual } from 'node:util';
import { isObject } from '../plan/list-keys.ts';

/** Every path where two trees differ, down to the leaf that is there in one of them, in order. */
export function differences(one: unknown, other: unknown, path = ''): string[] {
  if (isDeepStrictEqual(one, other)) return [];
  const [a, b] = [open(one), open(other)];
  if (isObject(a) && isObject(b)) {
    const keys = [...new Set([...Object.keys(a), ...Object.keys(b)])].sort();
    return keys.flatMap((key) => differences(a[key], b[key], path === '' ? key : `${path}${join(key)}`));
  }
  return [path];
}

function join(key: string): string {
  return key.startsWith('[') || key.startsWith(' ') ? key : `.${key}`;
}

/** Lists are told apart by name or position, JSON inside a string is looked into. */
function open(value: unknown): unknown {
  if (Array.isArray(value)) {
    const entries = value.map((element: unknown, index) => [`[${nameOf(element) ?? index}]`, element]);
    return Object.fromEntries(entries) as unknown;
  }
  if (typeof value === 'string' && value.startsWith('{')) {
    try {
      return JSON.parse(value) as unknown;
    } catch {
      return value;
    }
  }
  return value;
}

function nameOf(element: unknown): string | undefined {
  return isObject(element) && typeof element['name'] === 'string' ? element['name'] : undefined;
}
