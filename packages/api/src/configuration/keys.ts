import type { Key } from './key.ts';
import { cloudKeys } from './keys/cloud.ts';
import { generalKeys } from './keys/general.ts';
import { objectKeys } from './keys/kubernetes-objects.ts';
import { podKeys } from './keys/kubernetes-pods.ts';
import { loadBalancerKeys } from './keys/load-balancer.ts';
import { logicalBackupKeys } from './keys/logical-backup.ts';
import { processKeys } from './keys/process.ts';
import { resourceKeys, timeoutKeys } from './keys/resources-and-timeouts.ts';
import { poolerKeys, scalyrKeys } from './keys/scalyr-and-pooler.ts';
import { teamsKeys } from './keys/teams-api.ts';
import { upgradeKeys, userKeys } from './keys/users.ts';

export { type Group, type Key, groups } from './key.ts';

/**
 * Every setting that the operator knows, by the name that it has in Zalando's configuration. One entry is all there is
 * to a setting: its type, its parsers, its place in the CustomResourceDefinition and its documentation follow from it.
 */
export const configurationKeys = {
  ...generalKeys,
  ...userKeys,
  ...upgradeKeys,
  ...objectKeys,
  ...podKeys,
  ...resourceKeys,
  ...timeoutKeys,
  ...loadBalancerKeys,
  ...cloudKeys,
  ...logicalBackupKeys,
  ...teamsKeys,
  ...processKeys,
  ...scalyrKeys,
  ...poolerKeys,
} satisfies Record<string, Key<never> | Key<unknown>>;

type Keys = typeof configurationKeys;

/** Name of a setting. */
export type ConfigurationKey = keyof Keys;

/** The operator's configuration: every setting with its value. Durations are milliseconds. */
export type Configuration = { [K in ConfigurationKey]: Keys[K] extends Key<infer T> ? T : never };

/** The setting of this name; undefined when there is none. */
export function findKey(name: string): Key<unknown> | undefined {
  return Object.hasOwn(configurationKeys, name) ? configurationKeys[name as ConfigurationKey] : undefined;
}
