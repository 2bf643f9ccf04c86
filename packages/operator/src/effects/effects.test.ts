import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import {
  configurationKeys,
  fieldsOf,
  isActedOn,
  parseConfiguration,
  parseOperatorConfiguration,
  postgresqlSchema,
  type Key,
} from '@pgherd/api';
import { describe, expect, test } from 'vitest';
import { differences } from './differences.ts';
import type { Effect, Entry } from './effect.ts';
import { fieldEffects } from './fields.ts';
import { keyEffects } from './keys.ts';
import { renderAll } from './rendering.ts';

const root = new URL('../../../../', import.meta.url);
const fields = fieldsOf(postgresqlSchema.properties?.['spec'] ?? {}, 'spec').map(({ path }) => path);
/** A field that only holds others is covered by them. */
const leaves = fields.filter(
  (path) => !fields.some((other) => /^[.[]/.test(other.slice(path.length)) && other.startsWith(path)),
);

test('every field of a manifest and every key of the configuration is in the registry, and nothing else', () => {
  expect(Object.keys(fieldEffects).filter((path) => !fields.includes(path))).toEqual([]);
  expect(leaves.filter((path) => !Object.hasOwn(fieldEffects, path))).toEqual([]);
  expect(Object.keys(keyEffects).sort()).toEqual(Object.keys(configurationKeys).sort());
});

test('what is not acted on yet is what packages/api says', () => {
  const waits = (entries: Record<string, Entry>) =>
    Object.keys(entries)
      .filter((name) => entries[name] === 'not yet')
      .sort();
  const keys: Record<string, Key<unknown>> = configurationKeys;
  expect(waits(keyEffects)).toEqual(
    Object.keys(keys)
      .filter((name) => keys[name]?.notYet === true)
      .sort(),
  );
  const idle = Object.keys(keyEffects).filter((name) => keyEffects[name] === 'no effect');
  expect(idle.sort()).toEqual(
    Object.keys(keys)
      .filter((name) => keys[name]?.noEffect !== undefined)
      .sort(),
  );
  expect(waits(fieldEffects)).toEqual(
    Object.keys(fieldEffects)
      .filter((path) => !isActedOn(path))
      .sort(),
  );
});

const effects = Object.entries({ ...fieldEffects, ...keyEffects }).filter(
  (entry): entry is [string, Effect] => typeof entry[1] === 'object' && 'change' in entry[1],
);

describe('without and with it, exactly these paths differ', () => {
  test.each(effects)('%s', (_name, { given, change, differs }) => {
    expect(differences(renderAll(given), renderAll(given, change))).toEqual(differs);
    expect(differs).not.toEqual([]);
  });
});

const settings = effects.flatMap(([, { given, change }]) => [
  ...Object.entries(given?.configuration ?? {}),
  ...Object.entries(change.configuration ?? {}),
]);

test('every setting in the registry is the same in both forms of the configuration', () => {
  expect(new Set(settings.map(([name]) => name)).size).toBeGreaterThan(100);
  for (const [name, text] of settings) {
    const { group, kind }: Key<unknown> = configurationKeys[name as keyof typeof configurationKeys];
    const flat = parseConfiguration({ [name]: text });
    const value = flat.configuration[name as keyof typeof configurationKeys];
    const member = { [name]: kind.schema.type === 'string' ? text : asWritten(kind, value) };
    const grouped = parseOperatorConfiguration({
      configuration: group === '' ? member : { [group]: member },
    });
    const told = ({ problems }: typeof flat) =>
      problems.map(({ severity, field, message }) => [severity, field.split('.').at(-1), message]);
    expect({ [name]: grouped.configuration[name as keyof typeof configurationKeys] }).toEqual({
      [name]: value,
    });
    expect(told(grouped)).toEqual(told(flat));
    expect(grouped.named).toEqual(flat.named);
  }
});

/** A list of objects is written in the ConfigMap as JSON, which may say the same in other words than the value. */
function asWritten(kind: Key<unknown>['kind'], value: unknown): unknown {
  const text = Array.isArray(value) ? kind.write?.(value) : undefined;
  return text?.startsWith('[') === true ? (JSON.parse(text) as unknown) : value;
}

const shown = Object.entries({ ...fieldEffects, ...keyEffects }).flatMap(([name, entry]) =>
  typeof entry === 'object' && 'shownBy' in entry ? [{ name, file: entry.shownBy }] : [],
);

test.each(shown)('$name is shown at work by $file', ({ name, file }) => {
  const path = fileURLToPath(new URL(file, root));
  expect(existsSync(path)).toBe(true);
  expect(readFileSync(path, 'utf8')).toContain(name);
});
