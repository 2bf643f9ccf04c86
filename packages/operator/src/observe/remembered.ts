import type { Configuration } from '@pgherd/api';
import type { EnvVar, Secret, StatefulSet } from '@pgherd/kube/objects';
import type { PatroniStore } from '@pgherd/patroni';
import { kinds } from '../kinds.ts';
import { fieldManager } from '../names.ts';
import type { Credentials, RememberedStatefulSet } from '../render/input.ts';
import { find, type Observed } from './observed.ts';

/** Where Patroni of this cluster keeps its state: what its StatefulSet says, or the configuration for a new one. */
export function storeOf(configuration: Configuration, statefulSet: StatefulSet | undefined): PatroniStore {
  const env = postgresEnv(statefulSet);
  if (env === undefined) return configuration.kubernetes_use_configmaps ? 'configmaps' : 'endpoints';
  const configMaps = env.some(({ name, value }) => name === 'KUBERNETES_USE_CONFIGMAPS' && value !== '');
  return configMaps ? 'configmaps' : 'endpoints';
}

/**
 * The StatefulSet that decides what its cluster keeps. None while there is no data (nobody was leader, Patroni has
 * written no configuration): then manifest and configuration alone decide, and a wrong first try can be corrected.
 * One that another operator made counts always.
 */
export function settledStatefulSet(
  configuration: Configuration,
  observed: Observed,
): StatefulSet | undefined {
  const statefulSet = find(observed, kinds.statefulSet, observed.name) as StatefulSet | undefined;
  const hasData =
    configuration.etcd_host !== '' || observed.configuration !== undefined || observed.leader !== undefined;
  const isOurs =
    statefulSet?.metadata.managedFields?.some(({ manager }) => manager === fieldManager) === true;
  return hasData || !isOurs ? statefulSet : undefined;
}

/** What an existing StatefulSet keeps that is no configuration. */
export function rememberStatefulSet(statefulSet: StatefulSet | undefined): RememberedStatefulSet | undefined {
  const spec = statefulSet?.spec?.template.spec;
  if (spec === undefined) return undefined;
  const env = postgresEnv(statefulSet);
  const { bootstrap, postgresql } = spiloConfigurationOf(env);
  const [, ofBinaries] = /\/postgresql\/(\d+)\/bin$/.exec(String(postgresql?.bin_dir)) ?? [];
  const version = env?.find(({ name }) => name === 'PGVERSION')?.value ?? ofBinaries;
  return {
    bootstrapDcs: bootstrap?.dcs,
    ...(version === undefined ? {} : { postgresVersion: version }),
    topologySpreadConstraints: spec.topologySpreadConstraints ?? [],
  };
}

/** What the pods' `SPILO_CONFIGURATION` says, as far as it is looked at; nothing when it is no JSON. */
function spiloConfigurationOf(env: EnvVar[] | undefined): {
  postgresql?: { bin_dir?: unknown };
  bootstrap?: { dcs?: unknown };
} {
  const value = env?.find(({ name }) => name === 'SPILO_CONFIGURATION')?.value;
  try {
    return (JSON.parse(value ?? '{}') ?? {}) as ReturnType<typeof spiloConfigurationOf>;
  } catch {
    return {};
  }
}

function postgresEnv(statefulSet: StatefulSet | undefined) {
  return statefulSet?.spec?.template.spec?.containers.find(({ name }) => name === 'postgres')?.env;
}

/** User name and password of a Secret that exists; undefined for none, or for one that has no password in it. */
export function credentialsOf(observed: Observed, secretName: string): Credentials | undefined {
  const data = (find(observed, kinds.secret, secretName) as Secret | undefined)?.data;
  const decode = (value: string | undefined) => Buffer.from(value ?? '', 'base64').toString('utf8');
  const username = decode(data?.['username']);
  const password = decode(data?.['password']);
  return username === '' || password === '' ? undefined : { username, password };
}
