import { readStatus, type StepStatus } from '@pgherd/api';
import { configMaps, endpoints, pods } from '@pgherd/kube/objects';
import {
  isOn,
  parseConfig,
  parseFailover,
  parseLeader,
  parseSync,
  patroniClient,
  type FailoverState,
  type MemberView,
  type PatroniClient,
} from '@pgherd/patroni';
import { patroniState } from '../cluster/gather.ts';
import { findLabels } from '../cluster/labels.ts';
import { getCluster, type Target } from '../cluster/target.ts';
import { prepareInPod, sendInPod } from './in-pod.ts';

/** One member, asked just now. */
export interface Standing {
  name: string;
  /** The pod is on its way out. */
  leaving: boolean;
  /** What its Patroni answered; undefined when it did not. */
  view: MemberView | undefined;
  /** Why it did not answer. */
  silence: string;
}

/** How a cluster stands, as far as a verb has to know it. */
export interface Situation {
  namespace: string;
  name: string;
  /** Holder of the leader lock, whether or not it works. */
  holder: string | undefined;
  members: Standing[];
  /** Maintenance mode, as Patroni's configuration says. */
  paused: boolean;
  mode: 'asynchronous' | 'synchronous' | 'quorum';
  /** Members that commits wait for, in the modes where they do. */
  synchronous: string[];
  /** How many bytes a successor may be behind. */
  maximumLag: number;
  /** A switchover that was asked for and has not been made yet. */
  asked: FailoverState | undefined;
  /** What the operator is at. */
  steps: StepStatus[];
}

/** Patroni of one member, and the way to look at the cluster again. */
export interface Reach {
  patroni(member: string): PatroniClient;
  /** The same for one call, with what takes time done beforehand; `drop` when it is not made. */
  prepared(member: string): Promise<{ patroni: PatroniClient; drop: () => void }>;
  look(): Promise<Situation>;
}

/** As the operator's own switchovers: what the successor has left to catch up must be little. */
const littleLag = 16 * 1024 * 1024;

/** Reach of the cluster `name`; nothing is asked before `look`, which ends with exit code 3 when there is no such cluster. */
export function reachOf(target: Target, name: string): Reach {
  const { client, namespace } = target;
  const send = sendInPod(client, namespace);
  const patroni = (member: string): PatroniClient => patroniClient(member, { send });
  const prepared = async (member: string) => {
    const { send: sendPrepared, drop } = await prepareInPod(client, namespace, member);
    return { patroni: patroniClient(member, { send: sendPrepared }), drop };
  };
  return { patroni, prepared, look: () => look(target, name, patroni) };
}

async function look(
  target: Target,
  name: string,
  patroni: (member: string) => PatroniClient,
): Promise<Situation> {
  const { client, namespace } = target;
  const cluster = await getCluster(target, name);
  const { selector } = await findLabels(target, name);
  const selection = { namespace, labelSelector: selector };
  const [podList, endpointsList, mapList] = await Promise.all([
    client.list(pods, selection),
    client.list(endpoints, selection),
    client.list(configMaps, selection),
  ]);
  const members = await Promise.all(
    podList.items.map(async ({ metadata }): Promise<Standing> => {
      const member = metadata?.name ?? '';
      const standing = { name: member, leaving: metadata?.deletionTimestamp !== undefined };
      try {
        return { ...standing, view: await patroni(member).patroni(), silence: '' };
      } catch (error) {
        return {
          ...standing,
          view: undefined,
          silence: error instanceof Error ? error.message : String(error),
        };
      }
    }),
  );
  const written = patroniState(name, { endpoints: endpointsList.items, configMaps: mapList.items });
  const { config = {} } = parseConfig(written.config);
  const allowed = config['maximum_lag_on_failover'];
  return {
    namespace,
    name,
    holder: parseLeader(written.leader).leader,
    members: members.sort((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true })),
    paused: isOn(config['pause']),
    mode: modeOf(config['synchronous_mode']),
    synchronous: parseSync(written.sync).standbys,
    maximumLag: typeof allowed === 'number' ? Math.max(allowed, littleLag) : littleLag,
    asked: parseFailover(written.failover),
    steps: readStatus(cluster.status).steps ?? [],
  };
}

function modeOf(value: unknown): Situation['mode'] {
  if (value === 'quorum') return 'quorum';
  return isOn(value) ? 'synchronous' : 'asynchronous';
}

/** The member of this name; undefined when there is none. */
export function memberOf({ members }: Situation, name: string): Standing | undefined {
  return members.find((member) => member.name === name);
}

/** Whether the member holds no replica's part. Patroni before 4 said `master`. */
export function isPrimary({ view }: Standing): boolean {
  return ['primary', 'master', 'standby_leader'].includes(view?.role ?? '');
}

/** The primary, if it holds the lock and works. */
export function workingPrimary(situation: Situation): Standing | undefined {
  const { holder } = situation;
  const member = holder === undefined ? undefined : memberOf(situation, holder);
  return member?.view?.state === 'running' && isPrimary(member) && !member.leaving ? member : undefined;
}

/** Whether the primary itself says that this member streams from it, or the member says so. */
export function streams(situation: Situation, member: Standing): boolean {
  if (member.view?.state !== 'running' && member.view?.state !== 'streaming') return false;
  if (member.view.replicationState !== undefined) return member.view.replicationState === 'streaming';
  const primary = workingPrimary(situation);
  return (
    primary?.view?.replication.some(
      ({ applicationName, state }) => applicationName === member.name && state === 'streaming',
    ) ?? false
  );
}

/** Whether the member's tags keep it from ever becoming primary. */
export function mayNotLead({ view }: Standing): boolean {
  const tags = view?.raw['tags'] as Record<string, unknown> | undefined;
  return tags?.['nofailover'] === true || tags?.['failover_priority'] === 0;
}
