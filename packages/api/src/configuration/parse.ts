import { isDeepStrictEqual } from 'node:util';
import type { Problem } from '../problem.ts';
import { type Configuration, type ConfigurationKey, type Key, configurationKeys } from './keys.ts';
import type { ValueKind } from './value.ts';

export interface ParsedConfiguration {
  /** Complete: where an entry is missing or wrong it has the default. */
  configuration: Configuration;
  /** An `error` means that the operator must not start with this configuration. */
  problems: Problem[];
}

/** The configuration with nothing configured. */
export function defaultConfiguration(): Configuration {
  return Object.fromEntries(
    Object.entries(configurationKeys).map(([name, key]) => [name, structuredClone<unknown>(key.default)]),
  ) as Configuration;
}

/**
 * The configuration that the flat entries of a ConfigMap describe, in the form of Zalando's operator.
 *
 * Where it is more lenient than Zalando's: lists are trimmed, values of maps may contain colons, and an empty value
 * of a boolean, number or duration means the default (with a warning) instead of false or zero.
 */
export function parseConfiguration(data: Record<string, string>): ParsedConfiguration {
  const configuration: Record<string, unknown> = defaultConfiguration();
  const problems: Problem[] = [];
  const report = (severity: Problem['severity'], field: string, message: string): void => {
    problems.push({ severity, field, message });
  };
  for (const [name, value] of Object.entries(data)) {
    if (!Object.hasOwn(configurationKeys, name)) {
      report(
        'warning',
        name,
        'pgherd does not act on this setting (yet); remove it if it is a typing error.',
      );
      continue;
    }
    const key: Key<unknown> = configurationKeys[name as ConfigurationKey];
    try {
      configuration[name] = parseValue(key.kind, value.trim(), () => {
        report('warning', name, `it is empty, so the default applies (${JSON.stringify(key.default)}).`);
        return configuration[name];
      });
    } catch (error) {
      report('error', name, `${error instanceof Error ? error.message : String(error)}, not \`${value}\`.`);
      continue;
    }
    const parsed = configuration[name];
    if (key.notYet && !isDeepStrictEqual(parsed, key.default))
      report('warning', name, 'pgherd does not act on this setting yet.');
    if (typeof parsed === 'number' && key.minimum !== undefined && parsed < key.minimum) {
      report('error', name, `it is ${parsed} and must be at least ${key.minimum}.`);
      configuration[name] = structuredClone(key.default);
    }
  }
  const complete = configuration as Configuration;
  return { configuration: complete, problems: [...problems, ...contradictions(complete)] };
}

function parseValue(kind: ValueKind<unknown>, value: string, whenEmpty: () => unknown): unknown {
  if (value !== '') return kind.parse(value);
  return 'empty' in kind ? structuredClone(kind.empty) : whenEmpty();
}

/** What no single setting can say. */
function contradictions(configuration: Configuration): Problem[] {
  const problems: Problem[] = [];
  const error = (field: ConfigurationKey, message: string): void => {
    problems.push({ severity: 'error', field, message });
  };
  const { min_instances, max_instances } = configuration;
  if (min_instances > 0 && max_instances > 0 && min_instances > max_instances)
    error(
      'min_instances',
      `it is ${min_instances} and must not exceed max_instances, which is ${max_instances}.`,
    );
  if (configuration.super_username === configuration.replication_username)
    error('replication_username', 'it must be another role than super_username.');
  for (const name of nonEmpty) if (configuration[name] === '') error(name, 'it must not be empty.');
  for (const placeholder of ['{username}', '{cluster}']) {
    if (
      configuration.secret_name_template !== '' &&
      !configuration.secret_name_template.includes(placeholder)
    )
      error(
        'secret_name_template',
        `it must contain ${placeholder}, or else several roles would share one Secret.`,
      );
  }
  if (configuration.pdb_name_format !== '' && !configuration.pdb_name_format.includes('{cluster}'))
    error('pdb_name_format', 'it must contain {cluster}, or else several clusters would share one budget.');
  for (const [name, value] of Object.entries(configuration.persistent_volume_claim_retention_policy)) {
    if (!['when_deleted', 'when_scaled'].includes(name) || !['retain', 'delete'].includes(value))
      error(
        'persistent_volume_claim_retention_policy',
        `\`${name}:${value}\` is not understood; the keys are when_deleted and when_scaled, the values retain and delete.`,
      );
  }
  return problems;
}

const nonEmpty = [
  'docker_image',
  'super_username',
  'replication_username',
  'cluster_name_label',
  'pod_role_label',
  'pod_service_account_name',
  'secret_name_template',
  'pdb_name_format',
] as const satisfies ConfigurationKey[];
