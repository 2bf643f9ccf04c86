import { isDeepStrictEqual } from 'node:util';
import type { Configuration } from '@pgherd/api';
import { asksTeamsApi } from '../people/teams-api.ts';
import { watchedNamespaces, type Namespaces } from './namespaces.ts';

/** What watches and workers are made from: when it changes they are made anew; everything else is read at each pass. */
export interface Shape {
  namespaces: Namespaces;
  clusterLabels: Record<string, string>;
  clusterNameLabel: string;
  /** Name of the pods' service account and of its role binding. */
  podAccount: string;
  /** Names of what pods and jobs of all clusters get variables from. */
  podEnvironment: Pick<
    Configuration,
    'pod_environment_secret' | 'pod_environment_configmap' | 'logical_backup_cronjob_environment_secret'
  >;
  /** Secrets that roles of all clusters are in, and how. */
  infrastructure: Pick<
    Configuration,
    'infrastructure_roles_secret_name' | 'infrastructure_roles_secrets' | 'protected_role_names'
  > & { system: string[] };
  /** Where it is looked up who may log in. */
  people: Pick<Configuration, 'enable_postgres_team_crd'> & {
    /** Secret with the token for the Teams API; undefined: it is not asked. */
    token: Configuration['oauth_token_secret_name'] | undefined;
  };
  workers: number;
}

/** The part of a configuration that shapes the process. `own` is the operator's namespace. */
export function shapeOf(configuration: Configuration, own: string): Shape {
  return {
    namespaces: watchedNamespaces(configuration.watched_namespace, own),
    clusterLabels: configuration.cluster_labels,
    clusterNameLabel: configuration.cluster_name_label,
    podAccount: configuration.pod_service_account_name,
    podEnvironment: {
      pod_environment_secret: configuration.pod_environment_secret,
      pod_environment_configmap: configuration.pod_environment_configmap,
      logical_backup_cronjob_environment_secret: configuration.logical_backup_cronjob_environment_secret,
    },
    infrastructure: {
      infrastructure_roles_secret_name: configuration.infrastructure_roles_secret_name,
      infrastructure_roles_secrets: configuration.infrastructure_roles_secrets,
      protected_role_names: configuration.protected_role_names,
      system: [configuration.super_username, configuration.replication_username],
    },
    people: {
      enable_postgres_team_crd: configuration.enable_postgres_team_crd,
      token: asksTeamsApi(configuration) ? configuration.oauth_token_secret_name : undefined,
    },
    workers: configuration.workers,
  };
}

export function isSameShape(one: Shape, other: Shape): boolean {
  return isDeepStrictEqual(one, other);
}
