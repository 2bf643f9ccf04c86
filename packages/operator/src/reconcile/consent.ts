import type { Configuration, Postgresql } from '@pgherd/api';

/**
 * `delete_annotation_date_key` and `delete_annotation_name_key` guard against deletion by mistake: the annotations that
 * the manifest lacks, as they would have to be; undefined when nothing is missing. `now`: milliseconds; the day is
 * that of UTC.
 */
export function missingConsent(
  { metadata }: Postgresql,
  configuration: Configuration,
  now: number,
): string | undefined {
  const { delete_annotation_date_key: dateKey, delete_annotation_name_key: nameKey } = configuration;
  const wanted: [string, string][] = [
    [dateKey, new Date(now).toISOString().slice(0, 10)],
    [nameKey, metadata.name],
  ];
  const missing = wanted.filter(([key, value]) => key !== '' && metadata.annotations?.[key] !== value);
  return missing.length === 0 ? undefined : missing.map(([key, value]) => `${key}=${value}`).join(' and ');
}
