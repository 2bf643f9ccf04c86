import { readFileSync } from 'node:fs';
import { parseAllDocuments } from 'yaml';
import { CommandError } from '../exit-code.ts';
import { nothingHeld, take, type Found, type Settings } from '@pgherd/operator';

/**
 * Reads a configuration file: flat keys, or the manifest of a ConfigMap or of an `OperatorConfiguration`; in YAML or
 * JSON. An empty file configures nothing, which is fine. Never throws.
 */
export function readConfigurationFile(path: string): Found {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' ? { type: 'missing' } : { type: 'unreadable', why: message };
  }
  const [document, second] = parseAllDocuments(text);
  const [syntax] = document?.errors ?? [];
  if (syntax !== undefined) return { type: 'unreadable', why: syntax.message };
  if (second !== undefined) return { type: 'unreadable', why: 'expected one YAML document, found more' };
  const content = (document?.toJS() as unknown) ?? {};
  if (!isObject(content)) return { type: 'ConfigMap', content };
  if (isObject(content['configuration'])) return { type: 'OperatorConfiguration', content };
  const data = isObject(content['data']) ? content['data'] : content;
  // YAML reads `true` and `5` as what they are; in a ConfigMap all values are text.
  const flat = Object.entries(data).map(([key, value]) => [
    key,
    typeof value === 'string' ? value : textOf(value),
  ]);
  return { type: 'ConfigMap', content: Object.fromEntries(flat) };
}

/** A key without a value is as good as not there. */
const textOf = (value: unknown): string | undefined => (value === null ? undefined : JSON.stringify(value));

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The configuration in a file, for commands that need it once. Throws a `CommandError` that names what is wrong. */
export function readSettings(path: string): Settings {
  const { settings, errors } = take(nothingHeld, readConfigurationFile(path), { environment: {} });
  if (settings === undefined) throw new CommandError(errors.map((error) => `${path}: ${error}`).join('\n'));
  return settings;
}
