import { configurationKeys, type Configuration, type Key } from '@pgherd/api';

/** What stands where a credential was. */
export const notShown = '(not shown)';

/** Names of variables and fields whose values nobody but their owner should see. */
const secretName = /secret|passw|token|credential|private|api_?key|access_?key|account_?key/i;
/** Fields that only name an object with a secret in it, or how passwords are kept. */
const reference = /(Ref|Name)$|_name$|_encryption$/;

/** Secrets within texts: passwords of URLs and of connection strings. */
const inText: [RegExp, string][] = [
  [/(\w+:\/\/[^\s:/@]*:)[^\s@/]+@/g, `$1${notShown}@`],
  // Also with quotes that are escaped, because the text stands in JSON.
  [/(passw(?:or)?d\s*=\s*)(\\?"[^"\\]*\\?"|'(?:[^'\\]|\\.)*'|[^\s'"\\]+)/gi, `$1${notShown}`],
];

/** Values of the configuration's keys that are secrets. */
export function secretValues(configuration: Configuration): string[] {
  return Object.entries(configurationKeys).flatMap(([name, key]) => {
    const { secret }: Key<never> | Key<unknown> = key;
    const value: unknown = configuration[name as keyof Configuration];
    return secret === true && typeof value === 'string' && value !== '' ? [value] : [];
  });
}

/** A copy of a text without the given values, and without what looks like a password. */
export function redactText(text: string, values: readonly string[]): string {
  return withoutPasswords(values.reduce((rest, value) => rest.replaceAll(value, notShown), text));
}

/** A copy of a text without what looks like a password. */
export function withoutPasswords(text: string): string {
  return inText.reduce((rest, [pattern, replacement]) => rest.replace(pattern, replacement), text);
}

/**
 * A copy of manifests and objects for people to look at: without the given values, without the values of variables
 * and fields that are named like credentials, and without what no reader needs (managed fields, applied manifests).
 */
export function redact(value: unknown, values: readonly string[]): unknown {
  if (typeof value === 'string') return redactText(value, values);
  if (Array.isArray(value)) return value.map((each) => redact(each, values));
  if (typeof value !== 'object' || value === null) return value;
  const isVariable = 'name' in value && 'value' in value && typeof value.name === 'string';
  const hidesValue = isVariable && secretName.test(String(value.name));
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => name !== 'managedFields' && name !== lastApplied)
      .map(([name, each]) => {
        const isSecret = hidesValue ? name === 'value' : secretName.test(name) && !reference.test(name);
        const isPlain = typeof each === 'string' && each !== '';
        return [name, isSecret && isPlain ? notShown : redact(each, values)];
      }),
  );
}

/** kubectl's copy of the whole manifest. */
const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';
