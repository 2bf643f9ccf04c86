import type { Problem } from '../problem.ts';
import { type Entry, type ParsedConfiguration, assemble } from './assemble.ts';
import { isObject } from './collections.ts';
import { groups } from './key.ts';
import { findKey } from './keys.ts';
import { oldKeys } from './old-keys.ts';

/**
 * The configuration that an `OperatorConfiguration` describes: settings in groups below `configuration`. It does not
 * depend on which groups are there.
 */
export function parseOperatorConfiguration(resource: unknown): ParsedConfiguration {
  const problems: Problem[] = [];
  const report = (severity: Problem['severity'], field: string, message: string): void => {
    problems.push({ severity, field, message });
  };
  const configuration = isObject(resource) ? resource['configuration'] : undefined;
  if (!isObject(configuration))
    report('error', 'configuration', 'it must be there, and be an object with the settings in their groups.');
  if (isObject(resource) && resource['spec'] !== undefined)
    report('warning', 'spec', 'it is not read; the settings belong below `configuration`.');
  const entries: Entry[] = [];
  const visit = (members: Record<string, unknown>, group: string, path: string): void => {
    for (const [name, value] of Object.entries(members)) {
      const field = `${path}.${name}`;
      const own = groupOf(name);
      if (group === '' && name !== '' && Object.hasOwn(groups, name)) {
        if (isObject(value)) visit(value, name, field);
        else if (value !== null && value !== undefined)
          report('error', field, 'it must be an object with the settings of this group.');
      } else if (own !== undefined && own !== group) {
        const place = own === '' ? '`configuration` itself' : `\`configuration.${own}\``;
        report('warning', field, `it is not read here; it belongs in ${place}.`);
      } else {
        entries.push({ name, field, value });
      }
    }
  };
  if (isObject(configuration)) visit(configuration, '', 'configuration');
  const parsed = assemble(entries, 'OperatorConfiguration');
  return { ...parsed, problems: [...problems, ...parsed.problems] };
}

function groupOf(name: string): string | undefined {
  return (findKey(name) ?? (Object.hasOwn(oldKeys, name) ? oldKeys[name] : undefined))?.group;
}
