import type { Mapping } from './settings.ts';

const isMapping = (value: unknown): value is Mapping =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Lays `override` over `base`: mappings merge key by key, everything else (lists too) replaces. Spilo's rule. */
export function deepMerge(base: Mapping, override: Mapping): Mapping {
  const result: Mapping = { ...base };
  for (const [key, value] of Object.entries(override)) {
    const present = result[key];
    result[key] = isMapping(present) && isMapping(value) ? deepMerge(present, value) : value;
  }
  return result;
}
