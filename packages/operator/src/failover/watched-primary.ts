import type { Configuration, Postgresql } from '@pgherd/api';
import { kinds } from '../kinds.ts';
import { secretName } from '../names.ts';
import { memberOf } from '../observe/member.ts';
import { credentialsIn } from '../observe/remembered.ts';
import type { ObjectSource } from '../observe/source.ts';
import { isStandby } from '../render/standby.ts';
import { leaderLockOf } from './leader-lock.ts';
import { patroniCluster } from './patroni-cluster.ts';
import type { Primary } from './primary-watch.ts';

/** The primary whose PostgreSQL is to be watched; undefined: none runs, or nobody wants that. */
export function watchedPrimary(
  source: ObjectSource,
  configuration: Configuration,
  manifest: Postgresql | undefined,
): Primary | undefined {
  if (!configuration.enable_fast_failover || !configuration.enable_database_access) return undefined;
  // The superuser of a standby cluster is its source's.
  if (manifest === undefined || manifest.metadata.deletionTimestamp !== undefined || isStandby(manifest))
    return undefined;
  const { namespace = '', name } = manifest.metadata;
  const cluster = patroniCluster(source, configuration, namespace, name);
  if (cluster === undefined) return undefined;
  const leader = leaderLockOf(source.get(cluster.kind, namespace, cluster.names.leader))?.leader;
  const pod = cluster.pods.find(({ metadata }) => metadata.name === leader);
  const member = pod && memberOf(name, pod);
  const secret = secretName(configuration, name, configuration.super_username);
  const superuser = credentialsIn(source.get(kinds.secret, namespace, secret));
  if (member?.running !== true || member.address === undefined || superuser === undefined) return undefined;
  return { pod: member.name, address: member.address, superuser };
}
