import type { Configuration } from '@pgherd/api';
import { kinds } from '../kinds.ts';
import type { NamedObject } from './named-caches.ts';
import type { Namespaces } from './namespaces.ts';

/**
 * What pods and jobs of all clusters get variables from (`pod_environment_secret`, `pod_environment_configmap`,
 * `logical_backup_cronjob_environment_secret`).
 */
export function podEnvironmentObjects(configuration: Configuration, namespaces: Namespaces): NamedObject[] {
  const { pod_environment_secret: secret, pod_environment_configmap: configMap } = configuration;
  const watched = namespaces === '*' ? ['*'] : namespaces;
  const secrets = [secret, configuration.logical_backup_cronjob_environment_secret].flatMap((name) =>
    name === '' ? [] : watched.map((namespace) => ({ kind: kinds.secret, name, namespace })),
  );
  if (configMap === undefined) return secrets;
  const { namespace: own, name } = configMap;
  const isElsewhere = own !== undefined && namespaces !== '*' && !namespaces.includes(own);
  const places = isElsewhere ? [...watched, own] : watched;
  return [...secrets, ...places.map((namespace) => ({ kind: kinds.configMap, name, namespace }))];
}
