import type { Problem } from '../problem.ts';
import { contradictions } from './contradictions.ts';
import type { Configuration } from './keys.ts';
import { namespaceNames } from './words.ts';

/** What wins over the configuration, whichever form it has. */
export interface Overrides {
  /** Environment of the operator's process: WATCHED_NAMESPACE and SCALYR_API_KEY are read; empty means not set. */
  environment: Readonly<Record<string, string | undefined>>;
  /** Namespace of the operator's process, for objects that are named without one. */
  ownNamespace?: string;
  /** The operator was told not to connect to PostgreSQL. */
  noDatabaseAccess?: boolean;
  /** The operator was told not to ask the Teams API. */
  noTeamsApi?: boolean;
}

/** A copy of the configuration in which `overrides` hold. */
export function overlay(
  configuration: Configuration,
  overrides: Overrides,
): { configuration: Configuration; problems: Problem[] } {
  const { environment, ownNamespace, noDatabaseAccess, noTeamsApi } = overrides;
  const result = structuredClone(configuration);
  const namespace = environment['WATCHED_NAMESPACE']?.trim();
  const problems: Problem[] = [];
  if (namespace) {
    try {
      result.watched_namespace = namespaceNames.parse(namespace);
    } catch (error) {
      const message = `${(error as Error).message}, not \`${namespace}\`.`;
      problems.push({ severity: 'error', field: 'WATCHED_NAMESPACE', message });
    }
  }
  problems.push(...contradictions(result));
  const apiKey = environment['SCALYR_API_KEY']?.trim();
  if (apiKey) {
    result.scalyr_api_key = apiKey;
    problems.push({
      severity: 'warning',
      field: 'SCALYR_API_KEY',
      message: 'this environment variable is out of date; set `scalyr_api_key` instead.',
    });
  }
  const configMap = result.pod_environment_configmap;
  if (ownNamespace && configMap !== undefined)
    result.pod_environment_configmap = { namespace: ownNamespace, ...configMap };
  if (noDatabaseAccess) result.enable_database_access = false;
  if (noTeamsApi) result.enable_teams_api = false;
  return { configuration: result, problems };
}
