import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from '@prometheus-io/client';
import { readStatus, type Postgresql } from '@pgherd/api';
import type { RequestInfo } from '@pgherd/kube/client';
import type { Reconciled } from '@pgherd/kube/runtime';

/** What the operator counts, in Prometheus' format. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #requests: Counter<'verb' | 'resource' | 'code'>;
  readonly #passes: Counter<'outcome'>;
  readonly #duration: Histogram<never>;
  readonly #clusters: Gauge<'status'>;

  constructor() {
    const registers = [this.#registry];
    this.#requests = new Counter({
      name: 'pgherd_kubernetes_requests_total',
      help: 'Requests to the Kubernetes API server; code 0 means that no answer came.',
      labelNames: ['verb', 'resource', 'code'],
      registers,
    });
    this.#passes = new Counter({
      name: 'pgherd_passes_total',
      help: 'Passes over clusters, by how they ended.',
      labelNames: ['outcome'],
      registers,
    });
    this.#duration = new Histogram({
      name: 'pgherd_pass_duration_seconds',
      help: 'Duration of passes over clusters.',
      buckets: [0.001, 0.01, 0.1, 0.5, 1, 5, 15, 60],
      registers,
    });
    this.#clusters = new Gauge({
      name: 'pgherd_clusters',
      help: 'Clusters by status.',
      labelNames: ['status'],
      registers,
    });
    collectDefaultMetrics({ register: this.#registry });
  }

  request({ verb, resource, code }: RequestInfo): void {
    this.#requests.inc({ verb, resource, code: String(code) });
  }

  pass({ outcome, ms }: Reconciled): void {
    this.#passes.inc({ outcome });
    this.#duration.observe(ms / 1000);
  }

  /** The whole page, for clusters as they stand now. */
  async page(manifests: Postgresql[]): Promise<{ contentType: string; text: string }> {
    this.#clusters.reset();
    for (const manifest of manifests) {
      this.#clusters.inc({ status: readStatus(manifest.status).PostgresClusterStatus ?? '' });
    }
    return { contentType: this.#registry.contentType, text: await this.#registry.metrics() };
  }
}
