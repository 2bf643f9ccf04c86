import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { isAlreadyExists, isConflict, isNotFound, type Client } from '@pgherd/kube/client';
import { endpoints, pods, services, type KubeObject, type Pod } from '@pgherd/kube/objects';

const ttlSeconds = 30;
/** A start that failed is tried again after this time. */
const startAgainMs = 1_000;
/** Bytes that an idle primary writes in a turn: every heartbeat then shows a new position, as in a database in use. */
const bytesPerTurn = 56;

const labelOfCluster = 'cluster-name';
const labelOfRole = 'spilo-role';

type Annotations = Record<string, string>;

interface Member {
  pod: Pod;
  name: string;
  address: string;
}

/**
 * The Patronis of one cluster, in Endpoints mode. They send what real ones send (recorded from Patroni 4.0.7): at the
 * start of each member, every 10 s, and when the operator asks for something over REST. Left out: their watches, because
 * what they would learn from these is known here, and the renewal of their token.
 */
export class PlayedPatroni {
  readonly #client: Client;
  readonly #namespace: string;
  readonly #name: string;
  readonly #loopWaitMs: number;
  readonly #members = new Map<string, Member>();
  readonly #rest = createServer((request, response) => this.#respond(request, response));
  #leader: Member | undefined;
  #transitions = 0;
  #acquired = '';
  #location = 24_357_840;
  #configuration: Record<string, unknown> = {};
  #isInitialized = false;
  /** Versions of Patroni's own objects as last seen, for compare-and-set. */
  readonly #versions = new Map<string, string>();
  #timer: NodeJS.Timeout | undefined;
  /** Turns come one after another. */
  #work: Promise<void> = Promise.resolve();
  #isStopped = false;

  /** `loopWaitMs`: between two turns of the loop. */
  constructor(client: Client, namespace: string, name: string, loopWaitMs: number) {
    this.#client = client;
    this.#namespace = namespace;
    this.#name = name;
    this.#loopWaitMs = loopWaitMs;
  }

  /** Answers one connection to a member's REST API. */
  serve(socket: Socket): void {
    this.#rest.emit('connection', socket);
  }

  /** A container with Patroni and PostgreSQL was started. */
  start(pod: Pod, address: string): void {
    const member = { pod, name: pod.metadata.name ?? '', address };
    void this.#next(() =>
      this.#startMember(member).catch(() => {
        if (!this.#isStopped) setTimeout(() => this.start(pod, address), startAgainMs);
      }),
    );
  }

  /** The pod is gone. */
  end(name: string): Promise<void> {
    return this.#next(async () => {
      this.#members.delete(name);
      if (this.#leader?.name !== name) return;
      this.#leader = undefined;
      await this.#loop();
    });
  }

  get isEmpty(): boolean {
    return this.#members.size === 0;
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    this.#rest.close();
  }

  #next(turn: () => Promise<void>): Promise<void> {
    // What went wrong is tried again by the next turn, as Patroni does.
    this.#work = this.#work.then(turn).catch(() => {});
    return this.#work;
  }

  async #startMember(member: Member): Promise<void> {
    const namespace = this.#namespace;
    const labelSelector = `application=spilo,${labelOfCluster}=${this.#name}`;
    await this.#client.get(endpoints, { namespace: 'default', name: 'kubernetes' });
    await this.#client.list(pods, { namespace, labelSelector, pageSize: 0 });
    await this.#client.list(endpoints, { namespace, labelSelector, pageSize: 0 });
    await this.#createConfigService();
    await this.#publish(member, { state: 'stopped', role: 'uninitialized' }, null);
    if (!this.#isInitialized) await this.#bootstrap(member);
    this.#members.set(member.name, member);
    await this.#loop();
    // The first turn comes at some time, so that a thousand clusters do not beat at once.
    this.#timer ??= setTimeout(() => void this.#beat(), Math.random() * this.#loopWaitMs);
  }

  async #createConfigService(): Promise<void> {
    const metadata = this.#metadata(`${this.#name}-config`);
    try {
      await this.#client.create(services, { metadata, spec: { clusterIP: 'None' } });
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
    }
  }

  async #bootstrap(member: Member): Promise<void> {
    const name = `${this.#name}-config`;
    await this.#write(name, { initialize: '' });
    await this.#publish(member, { state: 'running', role: 'primary' }, null);
    await this.#write(name, { initialize: String(7_710_504_914_106_822_000 + this.#transitions) });
    this.#configuration = { ttl: ttlSeconds, loop_wait: 10, retry_timeout: 10, ...bootstrapOf(member.pod) };
    await this.#write(name, { config: JSON.stringify(this.#configuration) });
    this.#isInitialized = true;
  }

  /** A turn that takes longer than its time delays the next one, as Patroni does: they never pile up. */
  async #beat(): Promise<void> {
    const begin = performance.now();
    await this.#next(() => this.#loop());
    if (this.#isStopped) return;
    const wait = Math.max(0, this.#loopWaitMs - (performance.now() - begin));
    this.#timer = setTimeout(() => void this.#beat(), wait);
  }

  /** One turn of every member: the leader's first, the others wake up from its change of the lock. */
  async #loop(): Promise<void> {
    if (this.#isStopped || this.#members.size === 0) return;
    if (this.#leader === undefined) await this.#acquire([...this.#members.values()][0] as Member);
    this.#location += bytesPerTurn;
    const slots = [...this.#members.keys()].map((name) => name.replaceAll('-', '_'));
    await this.#write(this.#name, {
      ...this.#lock(),
      optime: String(this.#location),
      slots: JSON.stringify(Object.fromEntries(slots.map((slot) => [slot, this.#location]))),
      retain_slots: `[${slots.map((slot) => `"${slot}"`).join(', ')}]`,
    });
    await Promise.all([...this.#members.values()].map((member) => this.#publishMember(member)));
  }

  async #acquire(member: Member): Promise<void> {
    this.#leader = member;
    this.#acquired = now();
    const { pod, name, address } = member;
    const target = {
      kind: 'Pod',
      uid: pod.metadata.uid ?? '',
      namespace: this.#namespace,
      name,
      resourceVersion: pod.metadata.resourceVersion ?? '',
    };
    await this.#write(this.#name, this.#lock(), [
      {
        addresses: [{ ip: address, hostname: name, nodeName: 'played', targetRef: target }],
        ports: [{ port: 5432, name: 'postgresql' }],
      },
    ]);
    this.#transitions += 1;
  }

  #lock(): Annotations {
    return {
      leader: this.#leader?.name ?? '',
      ttl: String(ttlSeconds),
      renewTime: now(),
      acquireTime: this.#acquired,
      transitions: String(this.#transitions),
    };
  }

  async #publishMember(member: Member): Promise<void> {
    const isLeader = member === this.#leader;
    const said = {
      state: 'running',
      role: isLeader ? 'primary' : 'replica',
      xlog_location: this.#location,
      ...(isLeader ? {} : { replication_state: 'streaming' }),
      timeline: this.#transitions,
    };
    await this.#publish(member, said, isLeader ? 'master' : 'replica');
  }

  async #publish(
    { name, address }: Member,
    said: Record<string, unknown>,
    role: 'master' | 'replica' | null,
  ): Promise<void> {
    const status = {
      conn_url: `postgres://${address}:5432/postgres`,
      api_url: `http://${address}:8008/patroni`,
      ...said,
      version: '4.0.7',
    };
    const body = {
      metadata: {
        namespace: this.#namespace,
        name,
        labels: { [labelOfRole]: role },
        annotations: { status: JSON.stringify(status) },
      },
    };
    const key = { namespace: this.#namespace, name };
    await this.#client.patch(pods, key, { type: 'strategic', body });
  }

  /** Compare-and-set on one of Patroni's own objects; makes it when it is not there. */
  async #write(name: string, annotations: Annotations, subsets?: object[]): Promise<void> {
    const metadata = { ...this.#metadata(name), annotations };
    const body = { metadata, ...(subsets === undefined ? {} : { subsets }) };
    const resourceVersion = this.#versions.get(name);
    try {
      const written =
        resourceVersion === undefined
          ? await this.#client.create(endpoints, body)
          : await this.#client.patch(
              endpoints,
              { namespace: this.#namespace, name },
              { type: 'strategic', body: { ...body, metadata: { ...metadata, resourceVersion } } },
            );
      this.#versions.set(name, written.metadata.resourceVersion ?? '');
    } catch (error) {
      if (isNotFound(error)) this.#versions.delete(name);
      else if (isConflict(error) || isAlreadyExists(error)) await this.#refresh(name);
      throw error;
    }
  }

  async #refresh(name: string): Promise<void> {
    const found = await this.#client.get(endpoints, { namespace: this.#namespace, name });
    this.#versions.set(name, found.metadata.resourceVersion ?? '');
  }

  #metadata(name: string): KubeObject['metadata'] & { name: string } {
    const labels = { application: 'spilo', [labelOfCluster]: this.#name };
    return { namespace: this.#namespace, name, labels };
  }

  #respond(request: IncomingMessage, response: ServerResponse): void {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = JSON.parse(Buffer.concat(chunks).toString() || '{}') as Record<string, unknown>;
      this.#answer(`${request.method} ${request.url}`, body, request.socket.localAddress ?? '').then(
        (text) => response.end(text),
        (error: unknown) => response.writeHead(503).end(String(error)),
      );
    });
  }

  /** As much of Patroni's REST API as the operator uses. */
  async #answer(call: string, body: Record<string, unknown>, address: string): Promise<string> {
    switch (call) {
      case 'GET /patroni':
        return JSON.stringify(this.#view(address));
      case 'GET /config':
        return JSON.stringify(this.#configuration);
      case 'PATCH /config':
        await this.#next(() => this.#configure(body));
        return JSON.stringify(this.#configuration);
      case 'POST /switchover': {
        const candidate = this.#members.get(String(body['candidate']));
        if (candidate === undefined) throw new Error('candidate is not a member');
        await this.#next(() => this.#acquire(candidate));
        await this.#next(() => this.#loop());
        return `Successfully switched over to "${candidate.name}"`;
      }
      case 'POST /restart':
        return 'restarted successfully';
      default:
        throw new Error(`${call} is not played`);
    }
  }

  /** Also when nothing changes, Patroni runs its loop. */
  async #configure(patch: Record<string, unknown>): Promise<void> {
    const before = JSON.stringify(this.#configuration);
    const merged = Object.entries({ ...this.#configuration, ...patch });
    this.#configuration = Object.fromEntries(merged.filter(([, value]) => value !== null));
    const config = JSON.stringify(this.#configuration);
    if (config !== before) await this.#write(`${this.#name}-config`, { config });
    await this.#loop();
  }

  #view(address: string): Record<string, unknown> {
    const isLeader = this.#leader?.address === address;
    const others = [...this.#members.values()].filter((member) => member !== this.#leader);
    const xlog = isLeader
      ? { location: this.#location }
      : { received_location: this.#location, replayed_location: this.#location, paused: false };
    return {
      state: 'running',
      role: isLeader ? 'primary' : 'replica',
      server_version: 170_000,
      xlog,
      timeline: this.#transitions,
      ...(isLeader
        ? {
            replication: others.map(({ name, address: from }) => ({
              usename: 'standby',
              application_name: name,
              client_addr: from,
              state: 'streaming',
              sync_state: 'async',
              sync_priority: 0,
            })),
          }
        : { replication_state: 'streaming' }),
      patroni: { version: '4.0.7', scope: this.#name },
    };
  }
}

/** As Python writes it. */
const now = (): string => new Date().toISOString().replace('Z', '000+00:00');

/** `bootstrap.dcs` of the container's configuration, which the first member writes into the cluster's. */
function bootstrapOf(pod: Pod): Record<string, unknown> {
  const container = pod.spec?.containers.find(({ name }) => name === 'postgres');
  const text = container?.env?.find(({ name }) => name === 'SPILO_CONFIGURATION')?.value ?? '{}';
  return (JSON.parse(text) as { bootstrap?: { dcs?: Record<string, unknown> } }).bootstrap?.dcs ?? {};
}
