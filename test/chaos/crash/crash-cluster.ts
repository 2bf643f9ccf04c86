import type { Client } from '@pgherd/kube/client';
import * as kube from '@pgherd/kube/objects';
import type { KubeObject, Pod } from '@pgherd/kube/objects';
import { belongingKinds } from '../../support/belongings.ts';
import { postgresqls } from '../../support/local-cluster.ts';
import { clusterManifest } from '../../support/manifests.ts';
import { askPatroni } from '../../support/patroni-api.ts';
import { queryOnce, type Address } from '../../support/writer.ts';

/** Name of the cluster, in a namespace of its own. */
export const clusterName = 'acid-crash';
const poolerName = `${clusterName}-pooler`;

/** A pod or a start of PostgreSQL that lives shorter than this may not be seen. */
const lookEveryMs = 2000;

/** Kinds of which something belongs to the cluster. */
const kinds = [...belongingKinds, kube.deployments];

/** How the cluster stands at one moment. */
export interface State {
  /** Objects that belong to it, pods of the pooler as one. */
  objects: string[];
  /** Claims with their ids and their volumes. */
  volumes: string[];
  /** Ids of all pods of members that were ever seen, by name. */
  pods: Map<string, string[]>;
  /** Starts of PostgreSQL that were ever seen, by the pod's id. */
  starts: Map<string, string[]>;
  /** Containers that were started again. */
  restarts: number;
  /** Timeline of the primary: each change of the primary begins a new one. */
  timeline: number;
}

/** A synchronous cluster of two members behind a pooler, and an account of its pods. */
export class CrashCluster {
  readonly namespace: string;
  readonly client: Client;
  readonly #pods = new Map<string, string[]>();
  readonly #starts = new Map<string, string[]>();
  readonly #end = new AbortController();
  readonly #looks: Promise<void>;

  constructor(client: Client, namespace: string) {
    this.client = client;
    this.namespace = namespace;
    this.#looks = this.#lookOn();
  }

  /** The label of nodes that are fit for this cluster; all nodes are cordoned. */
  get fitness(): string {
    return `crash-points/${this.namespace}`;
  }

  get manifest(): Record<string, unknown> {
    const { metadata, spec, ...rest } = clusterManifest({
      name: clusterName,
      instances: 2,
      synchronous: true,
    });
    const annotations = { 'acid.zalan.do/controller': this.namespace };
    return {
      ...rest,
      metadata: { ...(metadata as object), namespace: this.namespace, annotations },
      spec: {
        ...(spec as object),
        volume: { size: '500Mi', storageClass: 'sized' },
        enableConnectionPooler: true,
        connectionPooler: { numberOfInstances: 1 },
        tolerations: [{ key: 'node.kubernetes.io/unschedulable', operator: 'Exists', effect: 'NoSchedule' }],
      },
    };
  }

  change(spec: object): Promise<unknown> {
    return this.client.patch(postgresqls, this.#key(clusterName), { type: 'merge', body: { spec } });
  }

  async members(): Promise<Pod[]> {
    const labelSelector = `application=spilo,cluster-name=${clusterName}`;
    const { items } = await this.client.list(kube.pods, { namespace: this.namespace, labelSelector });
    return items;
  }

  /** Name of the primary, as its label says; undefined while there is none, or more than one. */
  async primary(): Promise<string | undefined> {
    const labelled = (await this.members()).filter(
      ({ metadata }) => metadata.labels?.['spilo-role'] === 'master',
    );
    return labelled.length === 1 ? labelled[0]?.metadata.name : undefined;
  }

  async node(pod: string): Promise<string> {
    return (await this.client.get(kube.pods, this.#key(pod))).spec?.nodeName ?? '';
  }

  /** Whether a node may have pods of this cluster. */
  async setFit(node: string, isFit: boolean): Promise<void> {
    const body = { metadata: { labels: { [this.fitness]: isFit ? 'yes' : null } } };
    await this.client.patch(kube.nodes, { name: node }, { type: 'merge', body });
  }

  /** How a role connects: through the pooler, or as the primary's Service has it. */
  async address(role: string, way: 'pooler' | 'direct'): Promise<Address> {
    const service = way === 'pooler' ? poolerName : clusterName;
    const { spec } = await this.client.get(kube.services, this.#key(service));
    const secretName = `${role}.${clusterName}.credentials.postgresql.acid.zalan.do`;
    const { data } = await this.client.get(kube.secrets, this.#key(secretName));
    const value = (key: string): string => Buffer.from(data?.[key] ?? '', 'base64').toString('utf8');
    const [user, password] = [value('username'), value('password')];
    return { host: spec?.clusterIP ?? '', user, password, database: 'foo' };
  }

  /**
   * Whether that many members are ready, one of them primary, the others stream from it, commits wait for one of them, and
   * the operator says that nothing is left to do. Throws what is not so.
   */
  async isWhole(size: number): Promise<boolean> {
    const { metadata, status } = await this.client.get(postgresqls, this.#key(clusterName));
    const { steps } = (status ?? {}) as { steps?: unknown[] };
    must(status?.PostgresClusterStatus === 'Running', `status ${status?.PostgresClusterStatus}`);
    must(status?.observedGeneration === metadata.generation, 'the manifest was not seen');
    must(steps === undefined, `left to do: ${JSON.stringify(steps)}`);
    const members = await this.members();
    must(members.length === size, `${members.length} members`);
    must(members.every(isReady), 'not all are ready');
    must((await this.primary()) === status?.primary, 'not one primary');
    const pooler = await this.client.get(kube.deployments, this.#key(poolerName));
    must(pooler.status?.readyReplicas === 1, 'the pooler is not ready');
    const streams = await queryOnce<{ sync: string }>(
      await this.address('zalando', 'direct'),
      `select sync_state as sync from pg_stat_replication where state = 'streaming'`,
    );
    must(streams.length === size - 1, `${streams.length} members stream`);
    must(size === 1 || streams.some(({ sync }) => sync === 'sync'), 'none is synchronous');
    return true;
  }

  /** Names of claims with the size that they have. */
  async sizes(): Promise<(string | undefined)[]> {
    const { items } = await this.client.list(kube.persistentVolumeClaims, { namespace: this.namespace });
    return items.map(({ status }) => status?.capacity?.['storage']);
  }

  async isGone(): Promise<boolean> {
    const manifest = await this.client.find(postgresqls, this.#key(clusterName));
    return manifest === undefined && (await this.#objects()).length === 0;
  }

  /** Deletes the manifest. */
  async remove(): Promise<void> {
    await this.client.delete(postgresqls, this.#key(clusterName));
  }

  async create(): Promise<void> {
    await this.client.create(postgresqls, this.manifest as KubeObject);
  }

  /** Looks anew, and answers all that was seen so far. A cluster that is not there has no timeline. */
  async state(): Promise<State> {
    await this.#look();
    const { items } = await this.client.list(kube.persistentVolumeClaims, { namespace: this.namespace });
    const members = await this.members();
    return {
      objects: await this.#objects(),
      volumes: items.map(({ metadata, spec }) => `${metadata.name} ${metadata.uid} ${spec?.volumeName}`),
      pods: new Map([...this.#pods].map(([name, ids]) => [name, [...ids]])),
      starts: new Map([...this.#starts].map(([uid, starts]) => [uid, [...starts]])),
      restarts: members
        .flatMap(({ status }) => status?.containerStatuses ?? [])
        .reduce((sum, { restartCount }) => sum + restartCount, 0),
      timeline: members.length === 0 ? 0 : await this.#timeline(),
    };
  }

  /** Ends the account. */
  async stop(): Promise<void> {
    this.#end.abort();
    await this.#looks;
  }

  async #lookOn(): Promise<void> {
    while (!this.#end.signal.aborted) {
      // What cannot be asked now is asked with the next look.
      await this.#look().catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
    }
  }

  async #look(): Promise<void> {
    for (const pod of await this.members()) {
      const { name = '', uid = '' } = pod.metadata;
      addTo(this.#pods, name, uid);
      const start = await startOf(pod);
      if (start !== undefined) addTo(this.#starts, uid, start);
    }
  }

  async #timeline(): Promise<number> {
    const [row] = await queryOnce<{ timeline: string }>(
      await this.address('zalando', 'direct'),
      'select left(pg_walfile_name(pg_current_wal_insert_lsn()), 8) as timeline',
    );
    return Number.parseInt(row?.timeline ?? '', 16);
  }

  async #objects(): Promise<string[]> {
    const lists = await Promise.all(
      kinds.map(async (kind) => {
        const { items } = await this.client.list(kind, { namespace: this.namespace });
        return items
          .filter(({ metadata }) => metadata.name?.includes(clusterName))
          .map(({ metadata }) => {
            const isPooler = kind === kube.pods && metadata.name?.startsWith(`${poolerName}-`) === true;
            return `${kind.plural} ${isPooler ? poolerName : metadata.name}`;
          });
      }),
    );
    return lists.flat().sort();
  }

  #key(name: string): { namespace: string; name: string } {
    return { namespace: this.namespace, name };
  }
}

/** When PostgreSQL of a member was started; undefined: it does not say. */
async function startOf(pod: Pod): Promise<string | undefined> {
  if (pod.status?.podIP === undefined) return undefined;
  try {
    const { body } = await askPatroni(pod, 'GET', '/patroni', { timeoutMs: 1_000 });
    return (JSON.parse(body) as { postmaster_start_time?: string }).postmaster_start_time;
  } catch {
    return undefined;
  }
}

function isReady({ metadata, status }: Pod): boolean {
  const condition = status?.conditions?.find(({ type }) => type === 'Ready');
  return metadata.deletionTimestamp === undefined && condition?.status === 'True';
}

function addTo(map: Map<string, string[]>, key: string, value: string): void {
  const all = map.get(key) ?? [];
  if (!all.includes(value)) map.set(key, [...all, value]);
}

function must(holds: boolean, otherwise: string): void {
  if (!holds) throw new Error(otherwise);
}
