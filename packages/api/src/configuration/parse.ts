import { type ParsedConfiguration, assemble } from './assemble.ts';

/**
 * The configuration that the flat entries of a ConfigMap describe, in the form of Zalando's operator.
 *
 * Where it is more lenient than Zalando's: lists are trimmed, values of maps may contain colons, lists and maps may be
 * written as JSON, and an empty value of a boolean, number or duration means the default (with a warning) instead of
 * false or zero.
 */
export function parseConfiguration(data: Readonly<Record<string, unknown>>): ParsedConfiguration {
  const entries = Object.entries(data).map(([name, value]) => ({ name, field: name, value }));
  return assemble(entries, 'ConfigMap');
}
