import { isDeepStrictEqual } from 'node:util';
import type { Problem } from '../problem.ts';
import { contradictions } from './contradictions.ts';
import { type Configuration, type ConfigurationKey, type Key, configurationKeys, findKey } from './keys.ts';
import { oldKeys } from './old-keys.ts';

/** The two ways to write the configuration. */
export type Form = 'ConfigMap' | 'OperatorConfiguration';

export interface ParsedConfiguration {
  /** Complete: where an entry is missing or wrong it has the default. */
  configuration: Configuration;
  /** Settings that were written and taken, as opposed to those that have their default. */
  named: ReadonlySet<ConfigurationKey>;
  /** An `error` means that this configuration must not be acted on. */
  problems: Problem[];
}

/** One setting as it was written. */
export interface Entry {
  name: string;
  /** Where it was, for messages. */
  field: string;
  value: unknown;
}

/** What a setting is when nobody set it. */
export function defaultOf(key: Key<unknown>, form: Form): unknown {
  const { inResource } = key;
  return form === 'OperatorConfiguration' && inResource !== undefined && 'default' in inResource
    ? inResource.default
    : key.default;
}

/** The configuration with nothing configured, in the form of the ConfigMap unless said otherwise. */
export function defaultConfiguration(form: Form = 'ConfigMap'): Configuration {
  return Object.fromEntries(
    Object.entries(configurationKeys).map(([name, key]) => [
      name,
      structuredClone<unknown>(defaultOf(key, form)),
    ]),
  ) as Configuration;
}

/** Puts entries of either form together; whatever is wrong with one of them, the others are taken. */
export function assemble(entries: Entry[], form: Form): ParsedConfiguration {
  const configuration: Record<string, unknown> = defaultConfiguration(form);
  const problems: Problem[] = [];
  const named = new Set<ConfigurationKey>();
  for (const { name, field, value } of entries) {
    const report = (severity: Problem['severity'], message: string): void => {
      problems.push({ severity, field, message });
    };
    const old = Object.hasOwn(oldKeys, name) ? oldKeys[name] : undefined;
    const key = findKey(name);
    // Like a line that is not there.
    if (value === null || value === undefined) continue;
    try {
      if (old !== undefined) {
        read(old.kind, value, form, report);
        report('warning', `it is out of date and has no effect: ${old.instead}`);
      } else if (key === undefined) {
        report('warning', 'pgherd does not know this setting; correct the name, or remove it.');
      } else {
        configuration[name] = take(key, value, form, report);
        if (!isEmptyText(value) || 'empty' in key.kind) named.add(name as ConfigurationKey);
      }
    } catch (error) {
      const shown = key?.secret ? 'what is there' : `\`${show(value)}\``;
      report('error', `${error instanceof Error ? error.message : String(error)}, not ${shown}.`);
    }
  }
  const complete = configuration as Configuration;
  return { configuration: complete, named, problems: [...problems, ...contradictions(complete)] };
}

function isEmptyText(written: unknown): boolean {
  return typeof written === 'string' && written.trim() === '';
}

type Report = (severity: Problem['severity'], message: string) => void;

/** The value of a setting. Throws what is expected instead. */
function take(key: Key<unknown>, written: unknown, form: Form, report: Report): unknown {
  const byDefault = structuredClone(defaultOf(key, form));
  const isEmpty = isEmptyText(written);
  if (isEmpty && key.nonEmpty) throw new Error('it must not be empty; expected a text');
  if (isEmpty && !('empty' in key.kind)) {
    report('warning', `it is empty, so the default applies (${JSON.stringify(byDefault)}).`);
    return byDefault;
  }
  let value = isEmpty ? structuredClone(key.kind.empty) : read(key.kind, written, form, report);
  if (typeof value === 'number') {
    if (key.minimum !== undefined && value < key.minimum) throw new Error(`expected at least ${key.minimum}`);
    if (key.maximum !== undefined && value > key.maximum) throw new Error(`expected at most ${key.maximum}`);
    const raisedTo = form === 'OperatorConfiguration' ? key.inResource?.raisedTo : undefined;
    if (raisedTo !== undefined && value < raisedTo) {
      report(
        'warning',
        `it is ${value}, and ${raisedTo} is taken: this form has always had at least as many.`,
      );
      value = raisedTo;
    }
  }
  if (!isDeepStrictEqual(value, byDefault)) {
    if (key.deprecated !== undefined) report('warning', `it is out of date: ${key.deprecated}`);
    if (key.noEffect !== undefined) report('warning', `it has no effect: ${key.noEffect}`);
    if (key.notYet) report('warning', 'pgherd does not act on this setting yet.');
  }
  return value;
}

function read(kind: Key<unknown>['kind'], value: unknown, form: Form, report: Report): unknown {
  if (typeof value !== 'string') {
    if (kind.read === undefined) throw new Error(`expected a ${kind.name} as text`);
    return kind.read(value);
  }
  const parsed = kind.parse(value.trim());
  if (form === 'OperatorConfiguration' && kind.schema.type !== 'string')
    report(
      'warning',
      `it is out of date to write it as in a ConfigMap; write \`${show(parsed)}\` as ${kind.schema.type ?? 'object'}.`,
    );
  return parsed;
}

/** For messages: not longer than a line. */
function show(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value));
  return text.length > 100 ? `${text.slice(0, 100)}…` : text;
}
