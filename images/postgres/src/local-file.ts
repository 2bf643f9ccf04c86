import { existsSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { deepMerge } from './merge.ts';
import { SettingsError, type Mapping, type Settings } from './settings.ts';

/** What a member has in a configuration of its own: section `postgresql` of Patroni's file, as JSON. May be empty. */
export const localFile = '/etc/pgherd/postgresql.json';

/** Whether the pod has such a file, which may change while the member runs. */
export function hasLocalFile(path = localFile): boolean {
  return existsSync(dirname(path));
}

/**
 * The settings with what the file says laid over `SPILO_CONFIGURATION`.
 * @throws SettingsError when it is no JSON object
 */
export function withLocalFile(settings: Settings, path = localFile): Settings {
  if (!existsSync(path)) return settings;
  const text = readFileSync(path, 'utf8').trim();
  if (text === '') return settings;
  return { ...settings, override: deepMerge(settings.override, { postgresql: mapping(text, path) }) };
}

function mapping(text: string, path: string): Mapping {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Mapping;
  } catch {
    // As below.
  }
  throw new SettingsError(
    path,
    'is no JSON object',
    'correct the annotation pgherd.dev/postgresql of the pod',
  );
}
