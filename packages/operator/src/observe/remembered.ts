import type { Configuration } from '@pgherd/api';
import type { Deployment, EnvVar, KubeObject, PodSpec, Secret, StatefulSet } from '@pgherd/kube/objects';
import { movedTo, patroniObjectNames, type PatroniStore } from '@pgherd/patroni';
import { kinds } from '../kinds.ts';
import {
  fieldManager,
  localVolume,
  patroniApiSecretName,
  patroniApiVolume,
  poolerName,
  poolerSecretName,
  poolerUserListAnnotation,
} from '../names.ts';
import type { Credentials, RememberedStatefulSet, UserList } from '../render/input.ts';
import { find, findIn, leaderOf, type Observed } from './observed.ts';

/** Where Patroni in such a pod keeps its state; or the configuration for a new cluster. */
export function storeOf(configuration: Configuration, pod: PodSpec | undefined): PatroniStore {
  const env = postgresEnv(pod);
  if (env === undefined) return configuration.kubernetes_use_configmaps ? 'configmaps' : 'endpoints';
  const configMaps = env.some(({ name, value }) => name === 'KUBERNETES_USE_CONFIGMAPS' && value !== '');
  return configMaps ? 'configmaps' : 'endpoints';
}

/** Where Patroni of this cluster keeps its state: what its pods are told, unless the state has moved from there since. */
export function presentStore(
  configuration: Configuration,
  observed: Pick<Observed, 'objects' | 'namespace' | 'name' | 'members' | 'leader'>,
): PatroniStore {
  const store = storeOf(configuration, podSpecOf(observed));
  return movedTo(leaderObject(observed, store)?.metadata.annotations) ?? store;
}

/** The object with Patroni's leader lock in this store. */
export function leaderObject(
  observed: Pick<Observed, 'objects' | 'namespace' | 'name'>,
  store: PatroniStore,
): KubeObject | undefined {
  const kind = store === 'endpoints' ? kinds.endpoints : kinds.configMap;
  return find(observed, kind, patroniObjectNames(observed.name, store).leader);
}

/**
 * What the members of a cluster are made from: the StatefulSet's template. While the StatefulSet is missing, because
 * it is being made again or somebody deleted it, and while somebody else has changed it by hand, its pods tell, the
 * primary's first.
 */
export function podSpecOf(
  observed: Pick<Observed, 'objects' | 'namespace' | 'name' | 'members' | 'leader'>,
): PodSpec | undefined {
  const statefulSet = find(observed, kinds.statefulSet, observed.name) as StatefulSet | undefined;
  const member = leaderOf(observed) ?? observed.members[0];
  if (statefulSet === undefined) return member?.pod.spec;
  return isEdited(statefulSet) && member !== undefined ? member.pod.spec : statefulSet.spec?.template.spec;
}

/** Operators whose StatefulSets tell what a cluster keeps. */
const operators = [fieldManager, 'postgres-operator', 'before-first-apply'];

/** Whether somebody who is no operator wrote what decides about the pods' user, image or environment. */
function isEdited({ metadata }: StatefulSet): boolean {
  return (metadata.managedFields ?? []).some(({ manager, subresource, fieldsV1 }) => {
    if (operators.includes(manager ?? '') || (subresource ?? '') !== '') return false;
    const pod = below(fieldsV1, 'f:spec', 'f:template', 'f:spec');
    const postgres = below(pod, 'f:containers', 'k:{"name":"postgres"}');
    const parts = [
      below(pod, 'f:securityContext'),
      ...['f:image', 'f:env', 'f:securityContext'].map((part) => below(postgres, part)),
    ];
    return parts.some((part) => part !== undefined);
  });
}

function below(fields: unknown, ...path: string[]): unknown {
  return path.reduce(
    (at, key) => (typeof at === 'object' && at !== null ? (at as Record<string, unknown>)[key] : undefined),
    fields,
  );
}

/**
 * The specification of pods that decides what its cluster keeps. None while there is no data (nobody was leader,
 * Patroni has written no configuration): then manifest and configuration alone decide, and a wrong first try can be
 * corrected. What another operator made counts always.
 */
export function settledPodSpec(configuration: Configuration, observed: Observed): PodSpec | undefined {
  const statefulSet = find(observed, kinds.statefulSet, observed.name);
  const hasData =
    configuration.etcd_host !== '' || observed.configuration !== undefined || observed.leader !== undefined;
  const isOurs =
    statefulSet?.metadata.managedFields?.some(({ manager }) => manager === fieldManager) === true;
  return hasData || (statefulSet !== undefined && !isOurs) ? podSpecOf(observed) : undefined;
}

/** What an existing cluster keeps that is no configuration. */
export function rememberPods(pod: PodSpec | undefined): RememberedStatefulSet | undefined {
  if (pod === undefined) return undefined;
  const { postgresql, bootstrap } = spiloConfigurationOf(pod);
  const [, ofBinaries] = /\/postgresql\/(\d+)\/bin$/.exec(String(postgresql?.bin_dir)) ?? [];
  const version = postgresEnv(pod)?.find(({ name }) => name === 'PGVERSION')?.value ?? ofBinaries;
  const { bin_dir: _binaries, ...localSection } = postgresql ?? {};
  return {
    bootstrap,
    readsLocalFile: (pod.volumes ?? []).some(({ name }) => name === localVolume),
    localSection,
    ...(version === undefined ? {} : { postgresVersion: version }),
    ...(pod.topologySpreadConstraints === undefined
      ? {}
      : { topologySpreadConstraints: pod.topologySpreadConstraints }),
    ...(apiSecretOf(pod) === undefined ? {} : { protectsApi: true }),
  };
}

/** The Secret with which the REST API of this pod's Patroni is protected; undefined when it is not. */
export function apiSecretOf(pod: PodSpec | undefined): string | undefined {
  const name = pod?.volumes?.find((volume) => volume.name === patroniApiVolume)?.secret?.secretName;
  return name?.endsWith(patroniApiSecretName('')) === true ? name : undefined;
}

/** What the pods' `SPILO_CONFIGURATION` says, as far as it is looked at; nothing when it is no JSON. */
function spiloConfigurationOf(pod: PodSpec): { postgresql?: { bin_dir?: unknown }; bootstrap?: unknown } {
  const value = postgresEnv(pod)?.find(({ name }) => name === 'SPILO_CONFIGURATION')?.value;
  try {
    return (JSON.parse(value ?? '{}') ?? {}) as ReturnType<typeof spiloConfigurationOf>;
  } catch {
    return {};
  }
}

function postgresEnv(pod: PodSpec | undefined): EnvVar[] | undefined {
  const postgres = pod?.containers.find(({ name }) => name === 'postgres');
  return postgres === undefined ? undefined : (postgres.env ?? []);
}

/** Lists of users of the poolers that exist, by Secret. */
export function userListsOf(observed: Observed): Map<string, UserList> {
  const lists = new Map<string, UserList>();
  for (const role of ['master', 'replica'] as const) {
    const name = poolerSecretName(poolerName(observed.name, role));
    const secret = find(observed, kinds.secret, name) as Secret | undefined;
    if (secret === undefined) continue;
    const list = Buffer.from(secret.data?.['userlist.txt'] ?? '', 'base64').toString('utf8');
    const version = secret.metadata?.annotations?.[poolerUserListAnnotation];
    lists.set(name, { list, ...(version === undefined ? {} : { version }) });
  }
  return lists;
}

/** Infrastructure roles that the poolers' pods are told of, by Deployment. */
export function poolerInfrastructureOf(observed: Observed): Map<string, string> {
  const found = new Map<string, string>();
  for (const role of ['master', 'replica'] as const) {
    const name = poolerName(observed.name, role);
    const deployment = find(observed, kinds.deployment, name) as Deployment | undefined;
    const pooler = deployment?.spec?.template.spec?.containers[0];
    const value = pooler?.env?.find((variable) => variable.name === 'INFRASTRUCTURE_ROLES')?.value;
    if (value !== undefined) found.set(name, value);
  }
  return found;
}

/** User name and password of a Secret that exists; undefined for none, or for one that has no password in it. */
export function credentialsOf(
  observed: Observed,
  secretName: string,
  namespace = observed.namespace,
): Credentials | undefined {
  return credentialsIn(findIn(observed, kinds.secret, namespace, secretName));
}

/** User name and password in a Secret; undefined when it has no password, or is none. */
export function credentialsIn(secret: KubeObject | undefined): Credentials | undefined {
  const { data } = (secret as Secret | undefined) ?? {};
  const decode = (value: string | undefined) => Buffer.from(value ?? '', 'base64').toString('utf8');
  const username = decode(data?.['username']);
  const password = decode(data?.['password']);
  return username === '' || password === '' ? undefined : { username, password };
}
