import type { Configuration } from '@pgherd/api';
import type { KubeObject, Pod } from '@pgherd/kube/objects';
import { parseConfig, parseFailover, parseLeader, parseSync, patroniObjectNames } from '@pgherd/patroni';
import { kinds, labelledKinds, objectKey, type Kind } from '../kinds.ts';
import { observeVolumes } from './backing-volumes.ts';
import { memberOf } from './member.ts';
import type { Member, Observed } from './observed.ts';
import { presentStore } from './remembered.ts';
import { backupEnvironmentOf, podEnvironmentOf } from './pod-environment.ts';
import { observeNodes } from './nodes.ts';
import type { ObjectSource } from './source.ts';

/** What is, for one cluster. Reads only from `source`. */
export function observe(
  source: ObjectSource,
  configuration: Configuration,
  cluster: { namespace: string; name: string },
  memory: {
    databaseFingerprint: string | undefined;
    databaseDrift?: readonly string[];
    databaseRoles?: Observed['databaseRoles'] | undefined;
    superuserPassword?: string | undefined;
  },
): Observed {
  const { namespace, name } = cluster;
  const objects = new Map<string, KubeObject>();
  const add = (kind: Kind, object: KubeObject | undefined) => {
    if (object === undefined) return;
    const { name: objectName = '', namespace: where = namespace } = object.metadata;
    objects.set(objectKey(kind, where, objectName), object);
  };
  for (const kind of labelledKinds) {
    for (const object of source.ofCluster(kind, namespace, name)) add(kind, object);
  }
  const account = configuration.pod_service_account_name;
  for (const kind of [kinds.serviceAccount, kinds.roleBinding])
    add(kind, source.get(kind, namespace, account));

  const members = [...objects]
    .filter(([key]) => key.startsWith(objectKey(kinds.pod, namespace, '')))
    .map(([, pod]) => memberOf(name, pod as Pod))
    .filter((member): member is Member => member !== undefined)
    .sort((a, b) => a.ordinal - b.ordinal);

  // Who leads is not known yet, and all members have the same store.
  const store = presentStore(configuration, { namespace, name, objects, members, leader: undefined });
  const names = patroniObjectNames(name, store);
  const annotations = (object: string) =>
    objects.get(objectKey(store === 'endpoints' ? kinds.endpoints : kinds.configMap, namespace, object))
      ?.metadata.annotations;
  const sync = parseSync(annotations(names.sync));
  const asked = parseFailover(annotations(names.failover));
  const podEnvironment = podEnvironmentOf(source, configuration, namespace);
  const backupEnvironment = backupEnvironmentOf(source, configuration, namespace);
  const infrastructure = source.infrastructure?.();
  return {
    namespace,
    name,
    objects,
    members,
    leader: parseLeader(annotations(names.leader)).leader,
    syncStandbys: sync.leader === undefined ? undefined : sync.standbys,
    ...(asked === undefined ? {} : { asked }),
    configuration: parseConfig(annotations(names.config)).config,
    ...(source.watches === undefined ? {} : { watches: (each: string) => source.watches?.(each) === true }),
    ...(podEnvironment === undefined ? {} : { podEnvironment }),
    ...(backupEnvironment === undefined ? {} : { backupEnvironment }),
    ...(infrastructure === undefined ? {} : { infrastructure: infrastructure.roles }),
    ...observeVolumes(source, objects),
    ...observeNodes(source, configuration, members, objects),
    databaseFingerprint: memory.databaseFingerprint,
    databaseDrift: memory.databaseDrift ?? [],
    ...(memory.databaseRoles === undefined ? {} : { databaseRoles: memory.databaseRoles }),
    ...(memory.superuserPassword === undefined ? {} : { superuserPassword: memory.superuserPassword }),
  };
}
