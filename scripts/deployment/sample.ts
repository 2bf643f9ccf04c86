import {
  type ConfigurationKey,
  type Form,
  type Group,
  type Key,
  configurationKeys,
  defaultConfiguration,
  groups,
  writeValue,
} from '@pgherd/api';
import { stringify } from 'yaml';
import { chosen } from './chosen.ts';

/** How the settings are written: flat texts, or in groups with types of their own. */
type Style = Form;

const keys = Object.entries(configurationKeys) as [ConfigurationKey, Key<unknown>][];

/** Settings of one group, by name. */
export const keysOf = (group: Group): [ConfigurationKey, Key<unknown>][] =>
  keys.filter(([, key]) => key.group === group);

/** The value that a sample shows: the chosen one, or the default. */
function shownValue(name: ConfigurationKey, key: Key<unknown>, style: Style): unknown {
  const text = chosen[name];
  return text === undefined ? defaultConfiguration(style)[name] : key.kind.parse(text);
}

/** The value as YAML of an `OperatorConfiguration`; nothing where there is no value. */
function structured(key: Key<unknown>, value: unknown): string {
  if (value === undefined && key.kind.schema.type !== 'string') return '';
  const plain = key.kind.schema.type === 'string' ? writeValue(key, value) : value;
  const text = stringify(plain, { lineWidth: 0, collectionStyle: 'flow', defaultStringType: 'PLAIN' });
  return text.trimEnd();
}

/** What the comment above a setting says. */
function explain(key: Key<unknown>): string {
  return [
    key.description,
    ...(key.unit === undefined ? [] : [`In ${key.unit}.`]),
    ...(key.differs === undefined
      ? []
      : [
          `Zalando's default is ${key.differs.zalando}; clusters that exist keep what they have until this is written.`,
        ]),
  ].join(' ');
}

/** Comment lines of at most 110 characters. */
export function comment(text: string, indent: string): string[] {
  const lines: string[] = [];
  for (const word of text.split(/\s+/)) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + word.length < 110) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(`${indent}# ${word}`);
  }
  return lines;
}

/** The settings of a group with their explanations; those that are not chosen are commented out. */
export function groupLines(group: Group, style: Style, indent: string): string[] {
  return keysOf(group).flatMap(([name, key]) => {
    const value = shownValue(name, key, style);
    const written = style === 'ConfigMap' ? JSON.stringify(writeValue(key, value)) : structured(key, value);
    const line = `${name}: ${written}`.trimEnd();
    return [...comment(explain(key), indent), name in chosen ? `${indent}${line}` : `${indent}# ${line}`];
  });
}

/** Whether anything of the group is written out. */
export const hasChosen = (group: Group): boolean => keysOf(group).some(([name]) => name in chosen);

/** Names of all groups but the top level. */
export const namedGroups = (Object.keys(groups) as Group[]).filter((group) => group !== '');
