import { type Form, defaultOf } from './assemble.ts';
import { type Configuration, type Key, configurationKeys } from './keys.ts';

/** A value as it would be written in the ConfigMap; empty for none. */
export function writeValue(key: Key<unknown>, value: unknown): string {
  if (value === undefined || value === '') return '';
  if (key.kind.write !== undefined) return key.kind.write(value);
  if (Array.isArray(value)) return value.join(',');
  if (typeof value === 'object' && value !== null)
    return Object.entries(value)
      .map(([name, text]) => `${name}:${String(text)}`)
      .join(',');
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** The default as it would be written in the ConfigMap; empty for none. */
export function writeDefault(key: Key<unknown>, form: Form = 'ConfigMap'): string {
  return writeValue(key, defaultOf(key, form));
}

/** A copy for logs and for showing, without credentials. */
export function withoutSecrets(configuration: Configuration): Configuration {
  return Object.fromEntries(
    Object.entries(configuration).map(([name, value]) => {
      const key: Key<unknown> = configurationKeys[name as keyof Configuration];
      return [name, key.secret && value !== '' ? '(not shown)' : structuredClone(value)];
    }),
  ) as Configuration;
}
