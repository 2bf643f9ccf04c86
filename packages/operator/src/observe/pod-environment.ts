import type { Configuration } from '@pgherd/api';
import type { ConfigMap, Secret } from '@pgherd/kube/objects';
import { kinds } from '../kinds.ts';
import type { BackupEnvironment, PodEnvironment } from '../render/input.ts';
import type { ObjectSource } from './source.ts';

/** Whether a key can be the name of a variable in every version of Kubernetes. */
function isFit(name: string): boolean {
  return /^[-._a-zA-Z][-._a-zA-Z0-9]*$/.test(name) && !name.startsWith('..') && name !== '.';
}

/**
 * What `pod_environment_secret` and `pod_environment_configmap` hold for the clusters of a namespace; undefined when
 * neither is configured. The ConfigMap is looked for in its own namespace, then in that of the cluster.
 */
export function podEnvironmentOf(
  source: Pick<ObjectSource, 'get'>,
  configuration: Configuration,
  namespace: string,
): PodEnvironment | undefined {
  const { pod_environment_secret: secretName, pod_environment_configmap: configMap } = configuration;
  if (secretName === '' && configMap === undefined) return undefined;
  const missing: string[] = [];
  let keys: string[] = [];
  if (secretName !== '') {
    const secret = source.get(kinds.secret, namespace, secretName) as Secret | undefined;
    if (secret === undefined) missing.push(`Secret ${secretName} (pod_environment_secret)`);
    keys = Object.keys(secret?.data ?? {});
  }
  let values: Record<string, string> = {};
  if (configMap !== undefined) {
    const namespaces = [...new Set([configMap.namespace ?? namespace, namespace])];
    const found = namespaces
      .map((where) => source.get(kinds.configMap, where, configMap.name) as ConfigMap | undefined)
      .find((each) => each !== undefined);
    if (found === undefined) {
      const name = [configMap.namespace ?? [], configMap.name].flat().join('/');
      missing.push(`ConfigMap ${name} (pod_environment_configmap)`);
    }
    values = found?.data ?? {};
  }
  return {
    secretKeys: keys.filter(isFit).sort(),
    values: Object.fromEntries(Object.entries(values).filter(([name]) => isFit(name))),
    unfit: [...keys, ...Object.keys(values)].filter((name) => !isFit(name)).sort(),
    ...(missing.length > 0
      ? { missing: `${missing.join(' and ')} ${missing.length > 1 ? 'exist' : 'exists'}` }
      : {}),
  };
}

/** What `logical_backup_cronjob_environment_secret` holds for the clusters of a namespace; undefined when it is not set. */
export function backupEnvironmentOf(
  source: Pick<ObjectSource, 'get'>,
  configuration: Configuration,
  namespace: string,
): BackupEnvironment | undefined {
  const name = configuration.logical_backup_cronjob_environment_secret;
  if (name === '') return undefined;
  const secret = source.get(kinds.secret, namespace, name) as Secret | undefined;
  return {
    secretKeys: Object.keys(secret?.data ?? {})
      .filter(isFit)
      .sort(),
    ...(secret === undefined
      ? { missing: `Secret ${name} (logical_backup_cronjob_environment_secret) exists` }
      : {}),
  };
}
