import { configMaps, endpoints, type Pod } from '@pgherd/kube/objects';
import { eventually } from '../../test/support/eventually.ts';
import { askPatroni } from '../../test/support/patroni-api.ts';
import { queryOnce, type Address } from '../../test/support/writer.ts';
import { isSynchronous, notedBy, type ClusterKind } from './cluster-kind.ts';
import type { Side } from './sample.ts';
import type { Stage } from './stage.ts';

/** What Patroni says of its members. */
interface MemberView {
  name: string;
  role: string;
}

/** How many replicas receive what the primary writes, with next to nothing on the way; and the operator's session. */
const connected = `select
  (select count(*)::int from pg_stat_replication where application_name like $1 and state = 'streaming'
    and pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn) < 65536) as streaming,
  exists (select from pg_stat_activity where application_name = 'pgherd watch') as "isWatched"`;

interface Connected {
  streaming: number;
  isWatched: boolean;
}

const settleLimitMs = 300_000;

/** A cluster of three members that scenes are played on. */
export class Cluster {
  readonly stage: Stage;
  readonly name: string;
  readonly kind: ClusterKind;
  readonly side: Side;

  constructor(stage: Stage, name: string, kind: ClusterKind, side: Side) {
    this.stage = stage;
    this.name = name;
    this.kind = kind;
    this.side = side;
  }

  /**
   * Nothing is left of what was done to it: three pods are ready, both replicas stream, Patroni has noted who is
   * synchronous, and the operator holds its session. PostgreSQL itself is asked: what Patroni writes of lag is as old as
   * its last loop, and so is the operator's status.
   */
  async waitUntilWhole(): Promise<void> {
    await eventually(`${this.name} is whole`, () => this.#isWhole(), {
      timeoutMs: settleLimitMs,
      everyMs: 200,
    });
  }

  async #isWhole(): Promise<boolean> {
    const pods = await this.stage.local.pods(this.name);
    if (pods.length !== 3 || !pods.every(isReady)) return false;
    const primary = await this.primary();
    const views = await membersOf(primary);
    const noted = views.filter(({ role }) => role === 'sync_standby' || role === 'quorum_standby').length;
    if (views.length !== 3 || noted < notedBy(this.kind)) return false;
    const address = { ...(await this.address('direct')), host: primary.status?.podIP ?? '' };
    const [row] = await queryOnce<Connected>(address, connected, [`${this.name}-%`]);
    return row?.streaming === 2 && (row.isWatched || this.side === 'patroni');
  }

  /** The pod that has the leader's lock. What a pod says of itself stays when its node goes. */
  async primary(): Promise<Pod> {
    return eventually(`${this.name} has a leader`, async () => {
      const leader = (await this.lock())['leader'];
      const pods = await this.stage.local.pods(this.name);
      return pods.find(({ metadata }) => metadata?.name === leader);
    });
  }

  /** What Patroni has written beside its lock. */
  async lock(): Promise<Record<string, string>> {
    const { local, options } = this.stage;
    const { namespace } = local;
    const object =
      options.store === 'endpoints'
        ? await local.client.get(endpoints, { namespace, name: this.name })
        : await local.client.get(configMaps, { namespace, name: `${this.name}-leader` });
    return object.metadata?.annotations ?? {};
  }

  /** Members that do not lead and may take over: in synchronous mode those that Patroni has noted. */
  async successors(): Promise<string[]> {
    const views = await membersOf(await this.primary());
    const roles = isSynchronous(this.kind) ? ['sync_standby', 'quorum_standby'] : ['replica'];
    return views.filter(({ role }) => roles.includes(role)).map(({ name }) => name);
  }

  /** Where a client connects. */
  async address(through: 'direct' | 'pooler'): Promise<Address> {
    const { local } = this.stage;
    const direct = await local.address(this.name, 'zalando', 'foo');
    if (through === 'direct') return direct;
    const path = ['-o', 'jsonpath={.spec.clusterIP}'];
    const host = await local.kubectl('get', 'service', `${this.name}-pooler`, ...path);
    return { ...direct, host: host.trim() };
  }

  /** `patronictl` in the primary's pod. */
  async patronictl(...args: string[]): Promise<string> {
    const leader = (await this.primary()).metadata?.name ?? '';
    const inPod = ['exec', leader, '-c', 'postgres', '--'];
    return this.stage.local.kubectl(...inPod, 'patronictl', '-c', '/run/postgres.yml', ...args);
  }
}

function isReady({ metadata, status }: Pod): boolean {
  const isUp = status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True');
  return isUp === true && metadata?.deletionTimestamp === undefined;
}

/** `GET /cluster` of a member. */
async function membersOf(pod: Pod): Promise<MemberView[]> {
  const { body } = await askPatroni(pod, 'GET', '/cluster');
  return (JSON.parse(body) as { members: MemberView[] }).members;
}
