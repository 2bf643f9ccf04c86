import type { Configuration, Postgresql } from '@pgherd/api';
import type { TopologySpreadConstraint } from '@pgherd/kube/objects';
import type { ApiKeys } from '../secrets/patroni-api.ts';
import type { RoleSecret } from '../secrets/role-secret.ts';

/** What a Secret of a role says. It is the source of truth for the role's name and password in the database. */
export interface Credentials {
  username: string;
  password: string;
}

/** A role that every cluster gets, from the operator's own configuration and the Secrets that it names. */
export interface InfrastructureRole {
  name: string;
  password: string;
  /** Attributes as a manifest would write them. */
  flags: readonly string[];
  memberOf: readonly string[];
  /** `ALTER ROLE … SET`. */
  settings: Readonly<Record<string, string>>;
  /** Role that may add members to this one. */
  adminRole?: string;
  /** Where it is written, for people, e.g. `Secret default/postgresql-infrastructure-roles, key user1`. */
  source: string;
}

/** A human who may log in to this cluster. */
export interface Person {
  name: string;
  /** As member of which team, for people. */
  team: string;
  isSuperuser: boolean;
}

/** What PgBouncer knows of users by itself: the content of its `userlist.txt`. */
export interface UserList {
  list: string;
  /** Absent: pods need not say which list they were started with. */
  version?: string;
}

/** What must be remembered of a cluster, because its manifest does not say it. Read from what exists. */
export interface Remembered {
  /** What becomes of the Secrets of roles, by name. */
  secrets: ReadonlyMap<string, RoleSecret>;
  /** Lists of users of the poolers that exist, by Secret. */
  userLists?: ReadonlyMap<string, UserList>;
  /** Infrastructure roles that the pods of the poolers that exist are told of, by Deployment, as they are written there. */
  poolerInfrastructure?: ReadonlyMap<string, string>;
  /** Variables that all clusters' pods get; absent: none are configured. */
  podEnvironment?: PodEnvironment;
  /** Variables that all clusters' logical backups get; absent: none are configured. */
  backupEnvironment?: BackupEnvironment;
  /** What is to be written to the Secret of Patroni's REST API; absent: nothing. */
  apiKeys?: { exists: boolean; data: ApiKeys; why: string };
  /** Absent for a new cluster. */
  statefulSet?: RememberedStatefulSet;
}

/** What `pod_environment_secret` and `pod_environment_configmap` hold for the clusters of one namespace. */
export interface PodEnvironment {
  /** Keys of the Secret that can be names of variables; their values stay where they are. */
  secretKeys: string[];
  /** Entries of the ConfigMap that can be variables. */
  values: Record<string, string>;
  /** Keys of either that cannot be names of variables. */
  unfit: string[];
  /** What there must be first, in words; undefined when nothing is missing. */
  missing?: string;
}

/** What `logical_backup_cronjob_environment_secret` holds for the clusters of one namespace. */
export interface BackupEnvironment {
  /** Keys of the Secret that can be names of variables; their values stay where they are. */
  secretKeys: string[];
  /** What there must be first, in words; undefined when nothing is missing. */
  missing?: string;
}

/** What stays as it is in the pods of an existing cluster and is no configuration; for that see `effectiveConfiguration`. */
export interface RememberedStatefulSet {
  /** `bootstrap` of SPILO_CONFIGURATION: only read at the first start, so a change of it is no reason to restart. */
  bootstrap?: unknown;
  /** Whether the members read their own configuration from a file. */
  readsLocalFile?: boolean;
  /** What they have of it in a variable. */
  localSection?: unknown;
  /** Major version that the pods run; undefined when they do not say. Another one is an upgrade, not a new pod. */
  postgresVersion?: string;
  /** As they stand in the pods' template; those of Zalando's operator count no pods. */
  topologySpreadConstraints?: TopologySpreadConstraint[];
  /** Patroni's REST API speaks TLS and wants a password. */
  protectsApi?: true;
}

/** Everything that `render` looks at. */
export interface RenderInput {
  manifest: Postgresql;
  /** As it holds for this cluster, by `effectiveConfiguration`. */
  configuration: Configuration;
  /** Absent: none are configured. */
  infrastructure?: readonly InfrastructureRole[];
  /** Members of the teams that this cluster belongs to; absent: none are looked for, or nobody could tell yet. */
  people?: readonly Person[];
  /**
   * Teams of the cluster whose members nobody could tell yet: who has a role and is not among `people` may be one of
   * them. Absent: none.
   */
  unknownTeams?: readonly string[];
  remembered: Remembered;
}

/** Major version that the pods get: that of the manifest for a new cluster, and the running one after that. */
export function postgresVersion({ manifest, remembered }: RenderInput): string {
  return remembered.statefulSet?.postgresVersion ?? manifest.spec.postgresql.version;
}

/** Name and namespace of the cluster that is rendered. */
export function identityOf(manifest: Postgresql): { name: string; namespace: string } {
  return { name: manifest.metadata.name ?? '', namespace: manifest.metadata.namespace ?? '' };
}
