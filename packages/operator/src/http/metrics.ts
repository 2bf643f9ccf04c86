import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from '@prometheus-io/client';
import { readStatus, type Postgresql } from '@pgherd/api';
import type { RequestInfo } from '@pgherd/kube/client';
import type { Reconciled } from '@pgherd/kube/runtime';
import type { PauseEnd } from '../execute/pause-poolers.ts';
import type { FailoverOutcome } from '../failover/failover.ts';
import type { Forecast } from '../volumes/forecast.ts';
import type { Usage } from '../volumes/usage.ts';
import type { TeamsOutcome } from '../people/roster.ts';

/** What stands at the moment, for the gauges. */
export interface MetricsState {
  manifests: Postgresql[];
  /** Clusters that wait for a worker. */
  waiting: number;
  workers: number;
  /** Workers that have a cluster at the moment. */
  busy: number;
  leads: boolean;
  /** The data volumes that were looked at. */
  volumes: {
    namespace: string;
    cluster: string;
    pod: string;
    usage: Usage;
    forecast: Forecast | undefined;
  }[];
}

/** One metric of ours, for the documentation. */
export interface MetricDescription {
  name: string;
  help: string;
  type: string;
}

/** What the operator counts, in Prometheus' format. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #counters: ReturnType<typeof countersIn>;
  readonly #gauges: ReturnType<typeof gaugesIn>;

  constructor() {
    this.#counters = countersIn(this.#registry);
    this.#gauges = gaugesIn(this.#registry);
    collectDefaultMetrics({ register: this.#registry });
  }

  /** A request to the API server that is over. */
  request({ verb, resource, code, ms }: RequestInfo): void {
    this.#counters.requests.inc({ verb, resource, code: String(code) });
    // How long a watch lasts says nothing; of its beginning nobody waits for the end.
    if (verb !== 'watch') this.#counters.requestDuration.observe({ verb }, ms / 1000);
  }

  /** A pass that is over. */
  pass({ outcome, ms }: Reconciled): void {
    this.#counters.passes.inc({ outcome });
    this.#counters.passDuration.observe(ms / 1000);
  }

  /** What came of a primary's death. */
  failover(outcome: FailoverOutcome): void {
    if (outcome.type === 'cleared') this.#counters.failovers.inc();
    else if (outcome.type === 'refused') this.#counters.failoversRefused.inc({ guard: outcome.guard });
    else this.#counters.takeoverDuration.observe(outcome.ms / 1000);
  }

  /** A Patroni was woken. */
  woke(): void {
    this.#counters.wakes.inc();
  }

  /** A pause of a pooler's pod that is over, or did not come about. */
  poolerPause({ outcome, ms }: PauseEnd): void {
    this.#counters.poolerPauses.inc({ outcome });
    if (ms !== undefined) this.#counters.poolerPauseDuration.observe(ms / 1000);
  }

  /** A question to the Teams API that is over. */
  teams(outcome: TeamsOutcome): void {
    this.#counters.teams.inc({ outcome });
  }

  /** The configuration was looked at. */
  configuration(isInForce: boolean): void {
    this.#gauges.configuration.set(isInForce ? 1 : 0);
  }

  /** An answer of the operator's own HTTP API. */
  answer(path: string, status: number): void {
    this.#counters.answers.inc({ path, code: String(status) });
  }

  /** The whole page, for what stands now. */
  async page(state: MetricsState): Promise<{ contentType: string; text: string }> {
    this.#measure(state);
    return { contentType: this.#registry.contentType, text: await this.#registry.metrics() };
  }

  /** Our own metrics; those of Node (`process_…`, `nodejs_…`) come with the library. */
  async describe(): Promise<MetricDescription[]> {
    const all = await this.#registry.getMetricsAsJSON();
    return all
      .filter(({ name }) => name.startsWith('pgherd_'))
      .map(({ name, help, type }) => ({ name, help, type }));
  }

  #measureVolumes(volumes: MetricsState['volumes']): void {
    const { volumeSize, volumeUsed, volumeFree, volumeWal, volumeGrowth } = this.#gauges;
    for (const gauge of [volumeSize, volumeUsed, volumeFree, volumeWal, volumeGrowth]) gauge.reset();
    for (const { namespace, cluster, pod: member, usage, forecast } of volumes) {
      const of = { namespace, cluster, member };
      volumeSize.set(of, usage.size);
      volumeUsed.set(of, usage.used);
      volumeFree.set(of, usage.free);
      if (usage.wal !== undefined) volumeWal.set(of, usage.wal);
      if (forecast !== undefined) volumeGrowth.set(of, forecast.growthPerDay / 86_400);
    }
  }

  #measure({ manifests, waiting, workers, busy, leads, volumes }: MetricsState): void {
    this.#measureVolumes(volumes);
    const gauges = this.#gauges;
    gauges.waiting.set(waiting);
    gauges.workers.set(workers);
    gauges.busy.set(busy);
    gauges.leader.set(leads ? 1 : 0);
    for (const gauge of [gauges.clusters, gauges.conditions, gauges.members, gauges.ready, gauges.lag]) {
      gauge.reset();
    }
    for (const { metadata, status: said } of manifests) {
      const of = { namespace: metadata.namespace ?? '', cluster: metadata.name };
      const status = readStatus(said);
      gauges.clusters.inc({ status: status.PostgresClusterStatus ?? '' });
      gauges.members.set(of, status.instances ?? 0);
      gauges.ready.set(of, status.readyInstances ?? 0);
      for (const condition of status.conditions ?? []) {
        gauges.conditions.set({ ...of, condition: condition.type }, condition.status === 'True' ? 1 : 0);
      }
      for (const { name, lagBytes } of status.members ?? []) {
        if (lagBytes !== undefined) gauges.lag.set({ ...of, member: name }, lagBytes);
      }
    }
  }
}

function countersIn(registry: Registry) {
  const registers = [registry];
  return {
    requests: new Counter({
      name: 'pgherd_kubernetes_requests_total',
      help: 'Requests to the Kubernetes API server; code 0 means that no answer came.',
      labelNames: ['verb', 'resource', 'code'],
      registers,
    }),
    requestDuration: new Histogram({
      name: 'pgherd_kubernetes_request_duration_seconds',
      help: 'Duration of requests to the Kubernetes API server, watches left out.',
      labelNames: ['verb'],
      buckets: [0.005, 0.02, 0.1, 0.5, 2, 10],
      registers,
    }),
    passes: new Counter({
      name: 'pgherd_passes_total',
      help: 'Passes over clusters, by how they ended.',
      labelNames: ['outcome'],
      registers,
    }),
    passDuration: new Histogram({
      name: 'pgherd_pass_duration_seconds',
      help: 'Duration of passes over clusters.',
      buckets: [0.001, 0.01, 0.1, 0.5, 1, 5, 15, 60],
      registers,
    }),
    failovers: new Counter({
      name: 'pgherd_fast_failovers_total',
      help: 'Leader locks that were taken away from a dead primary.',
      registers,
    }),
    failoversRefused: new Counter({
      name: 'pgherd_fast_failovers_refused_total',
      help: 'Leaders that may have died and kept the lock, by what spoke against taking it away.',
      labelNames: ['guard'],
      registers,
    }),
    takeoverDuration: new Histogram({
      name: 'pgherd_fast_failover_duration_seconds',
      help: 'Time from when a death became known until another member had the leader lock.',
      buckets: [0.1, 0.2, 0.5, 1, 2, 5, 10],
      registers,
    }),
    wakes: new Counter({
      name: 'pgherd_patroni_wakes_total',
      help: 'How often PostgreSQL closed the idle session to a primary, and its Patroni was woken: deaths, and every stop.',
      registers,
    }),
    poolerPauses: new Counter({
      name: 'pgherd_pooler_pauses_total',
      help: "Pauses of poolers' pods for the operator's own steps, by how they ended.",
      labelNames: ['outcome'],
      registers,
    }),
    poolerPauseDuration: new Histogram({
      name: 'pgherd_pooler_pause_duration_seconds',
      help: "How long pauses of poolers' pods lasted, where that is known: clients wait for so long.",
      buckets: [0.25, 0.5, 1, 1.5, 2, 3, 5, 10, 20, 60],
      registers,
    }),
    teams: new Counter({
      name: 'pgherd_teams_api_requests_total',
      help: 'Questions to the Teams API, one for each team, by how they ended.',
      labelNames: ['outcome'],
      registers,
    }),
    answers: new Counter({
      name: 'pgherd_http_answers_total',
      help: "Answers of the operator's own HTTP API, by the path of the route; empty for none.",
      labelNames: ['path', 'code'],
      registers,
    }),
  };
}

function gaugesIn(registry: Registry) {
  const registers = [registry];
  const ofCluster = ['namespace', 'cluster'] as const;
  return {
    waiting: new Gauge({
      name: 'pgherd_queue_depth',
      help: 'Clusters that wait for a worker.',
      registers,
    }),
    workers: new Gauge({ name: 'pgherd_workers', help: 'Workers that there are.', registers }),
    busy: new Gauge({
      name: 'pgherd_workers_busy',
      help: 'Workers that have a cluster at the moment.',
      registers,
    }),
    leader: new Gauge({
      name: 'pgherd_leader',
      help: 'Whether this process leads (1) or waits (0).',
      registers,
    }),
    configuration: new Gauge({
      name: 'pgherd_configuration_in_force',
      help: 'Whether the configuration is as it was written (1), or an earlier one or none is in force (0).',
      registers,
    }),
    clusters: new Gauge({
      name: 'pgherd_clusters',
      help: 'Clusters by status; empty for those not seen yet.',
      labelNames: ['status'],
      registers,
    }),
    conditions: new Gauge({
      name: 'pgherd_cluster_condition',
      help: 'Conditions of each cluster (Ready, Progressing, Degraded, Invalid, Paused): 1 when it holds.',
      labelNames: [...ofCluster, 'condition'],
      registers,
    }),
    members: new Gauge({
      name: 'pgherd_cluster_members',
      help: 'Members that each cluster should have.',
      labelNames: [...ofCluster],
      registers,
    }),
    ready: new Gauge({
      name: 'pgherd_cluster_members_ready',
      help: 'Members of each cluster that do their part, the primary included.',
      labelNames: [...ofCluster],
      registers,
    }),
    volumeSize: new Gauge({
      name: 'pgherd_volume_size_bytes',
      help: "Size of the file system of each member's data volume.",
      labelNames: [...ofCluster, 'member'],
      registers,
    }),
    volumeUsed: new Gauge({
      name: 'pgherd_volume_used_bytes',
      help: "What is used of each member's data volume, the write-ahead log included.",
      labelNames: [...ofCluster, 'member'],
      registers,
    }),
    volumeFree: new Gauge({
      name: 'pgherd_volume_free_bytes',
      help: "What can still be written to each member's data volume.",
      labelNames: [...ofCluster, 'member'],
      registers,
    }),
    volumeWal: new Gauge({
      name: 'pgherd_volume_wal_bytes',
      help: "Size of the write-ahead log on each member's data volume.",
      labelNames: [...ofCluster, 'member'],
      registers,
    }),
    volumeGrowth: new Gauge({
      name: 'pgherd_volume_growth_bytes_per_second',
      help: "By how much each member's data volume fills, over at most a week; absent for too few samples.",
      labelNames: [...ofCluster, 'member'],
      registers,
    }),
    lag: new Gauge({
      name: 'pgherd_member_lag_bytes',
      help: 'How far each replica is behind, as in the status: 0 below 16 MiB, and rough beyond.',
      labelNames: [...ofCluster, 'member'],
      registers,
    }),
  };
}
