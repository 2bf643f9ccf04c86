import type { KubeObject, NodeSelectorTerm, Pod } from '@pgherd/kube/objects';
import type { FailoverState } from '@pgherd/patroni';
import { objectKey, type Kind } from '../kinds.ts';
import type { DiskSight } from '../disks/disk-sight.ts';
import type { NodeState } from '../nodes/node-state.ts';
import type { ClusterPeople } from '../people/cluster-people.ts';
import type { BackingVolume } from './backing-volumes.ts';
import type { PendingChange } from './pending-restart.ts';
import type { Forecast } from '../volumes/forecast.ts';
import type { Usage } from '../volumes/usage.ts';
import type { BackupEnvironment, InfrastructureRole, PodEnvironment } from '../render/input.ts';

/** One member of a cluster: its pod, and what Patroni says in the pod's annotation. */
export interface Member {
  name: string;
  ordinal: number;
  pod: Pod;
  /** Address of the pod; undefined until it has one. */
  address: string | undefined;
  /** Whether the container `postgres` runs and the pod is not on its way out. */
  running: boolean;
  /** Whether Kubernetes calls the pod ready: all of its containers run, and Services lead to it. */
  ready: boolean;
  deleting: boolean;
  /** Why the container does not run, in Kubernetes' words, e.g. `ImagePullBackOff: …`. */
  waiting: string | undefined;
  /** Revision of the StatefulSet's template that the pod was made from. */
  revision: string | undefined;
  /** Patroni's words; undefined while it has not said anything, and for a container that does not run. */
  role: string | undefined;
  state: string | undefined;
  replicationState: string | undefined;
  timeline: number | undefined;
  /** Position in the write-ahead log in bytes, as of Patroni's last heartbeat. */
  location: number | undefined;
  pendingRestart: boolean;
  /** What waits for the restart, by name; none when Patroni does not say. */
  pendingChanges: PendingChange[];
  /** PostgreSQL was restarted, and the member has published nothing since. */
  restartUnheard?: boolean;
  /** Containers beside PostgreSQL have not run for long enough to say that they do not crash. */
  settling?: boolean;
  /** It has copied its data for so long that it may be in vain; absent: not. */
  copiesLong?: boolean;
  /** A restart was tried and these changes still wait: another one would not help. */
  restartedInVain?: boolean;
  /** Patroni's tags of the member, e.g. `nofailover`. */
  tags: Record<string, unknown>;
  /** When PostgreSQL is to be restarted because somebody asked for that time, ISO 8601; absent: nobody did. */
  scheduledRestart?: string;
}

/** All that the plan knows about what is. Made from watch caches, without a request. */
export interface Observed {
  namespace: string;
  name: string;
  /** Objects of the cluster by `objectKey`. */
  objects: ReadonlyMap<string, KubeObject>;
  /** By ordinal. */
  members: Member[];
  /** Pod that holds Patroni's leader lock. */
  leader: string | undefined;
  /** Members that Patroni accepts in a switchover while synchronous mode is on; undefined when it is off. */
  syncStandbys: string[] | undefined;
  /** Switchover or failover that somebody asked for and that has not been made yet; absent: none. */
  asked?: FailoverState;
  /** Patroni's dynamic configuration; undefined until it was written. */
  configuration: Record<string, unknown> | undefined;
  /** Patroni's configuration was just changed: not every member may have said yet whether it must restart. */
  newsExpected?: boolean;
  /** The change needs restarts for these parameters, and Patroni has not said so of every member yet. */
  restartsExpected?: readonly string[] | undefined;
  /** Whether changes in this namespace are noticed; absent: in all of them. */
  watches?: (namespace: string) => boolean;
  /** Variables that all clusters' pods get; absent: none are configured. */
  podEnvironment?: PodEnvironment;
  /** Variables that all clusters' logical backups get; absent: none are configured. */
  backupEnvironment?: BackupEnvironment;
  /** Who may log in, as far as it is known; absent: nobody looks. */
  people?: ClusterPeople;
  /** Roles that every cluster gets; absent: none are configured. */
  infrastructure?: readonly InfrastructureRole[];
  /** Fingerprint of the roles and databases that this process brought into the database last. */
  databaseFingerprint: string | undefined;
  /** What somebody changed inside PostgreSQL by hand since then, a line each. */
  databaseDrift?: readonly string[];
  /**
   * Roles that there were in the database when this process looked last; absent: it has not looked. `assumed`: all that
   * should be are there.
   */
  databaseRoles?: ReadonlySet<string> | 'assumed';
  /** How full the members' volumes are, by pod, as far as it was looked; absent: nobody looks. */
  usage?: ReadonlyMap<string, Usage>;
  /** What is to be expected of them, by pod, where enough was seen. */
  forecasts?: ReadonlyMap<string, Forecast>;
  /** Since when somebody looks, in milliseconds since 1970. */
  usageSince?: number;
  /** The nodes, by name; absent: nobody may look. */
  nodes?: ReadonlyMap<string, NodeState>;
  /** Where the volumes of members can be used, by pod, as far as it is known; `any`: on all nodes. */
  volumeNodes?: ReadonlyMap<string, 'any' | readonly NodeSelectorTerm[]>;
  /** The volumes of its claims, by claim; absent: they are not known. */
  volumes?: ReadonlyMap<string, BackingVolume>;
  /** Nobody may look at them. */
  areVolumesHidden?: true;
  /** Amazon's disks below them, as far as somebody asks; absent: nobody does. */
  disks?: DiskSight;
  /** Password that PostgreSQL last let the superuser in with; absent: this process was not there yet. */
  superuserPassword?: string;
}

/** The object of this kind and name in the cluster's namespace. */
export function find(
  observed: Pick<Observed, 'objects' | 'namespace'>,
  kind: Kind,
  name: string,
): KubeObject | undefined {
  return findIn(observed, kind, observed.namespace, name);
}

/** The object of this kind and name in any namespace: Secrets may be in others than the cluster's. */
export function findIn(
  observed: Pick<Observed, 'objects'>,
  kind: Kind,
  namespace: string,
  name: string,
): KubeObject | undefined {
  return observed.objects.get(objectKey(kind, namespace, name));
}

/** The primary itself, or undefined when nobody holds the lock or its pod is gone. */
export function leaderOf(observed: Pick<Observed, 'members' | 'leader'>): Member | undefined {
  return observed.members.find((member) => member.name === observed.leader);
}

/** Whether the member does its part: the leader accepts writes, a replica streams from it. */
export function isStreaming(observed: Observed, member: Member): boolean {
  if (!member.running || member.state !== 'running') return false;
  if (member.name === observed.leader) {
    return member.role === 'primary' || member.role === 'standby_leader';
  }
  return member.replicationState === 'streaming';
}

/** Whether somebody accepts writes, or, in a standby cluster, follows the other one. */
export function serves(observed: Observed): boolean {
  const leader = leaderOf(observed);
  return leader !== undefined && isStreaming(observed, leader);
}
