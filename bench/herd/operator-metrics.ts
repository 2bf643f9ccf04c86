/** One line of a page in Prometheus' format. */
interface Sample {
  name: string;
  labels: Record<string, string>;
  value: number;
}

/** The operator's own counters at one moment. */
export class OperatorMetrics {
  readonly #samples: Sample[];

  private constructor(samples: Sample[]) {
    this.#samples = samples;
  }

  /** `url` is that of the page. */
  static async read(url: string): Promise<OperatorMetrics> {
    const answer = await fetch(url, { signal: AbortSignal.timeout(30_000) });
    if (!answer.ok) throw new Error(`${url}: ${answer.status}`);
    const lines = (await answer.text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    return new OperatorMetrics(lines.map(parseLine));
  }

  /** Passes over clusters so far. */
  get passes(): number {
    return this.#sum('pgherd_passes_total', () => true);
  }

  /**
   * Requests so far by `verb resource`. Left out: beginnings of watches, the renewal of the lease, and events, which no
   * pass waits for and which come when they come.
   */
  get requests(): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const { name, labels, value } of this.#samples) {
      const { verb = '', resource = '' } = labels;
      if (name !== 'pgherd_kubernetes_requests_total') continue;
      if (verb === 'watch' || resource === 'leases' || resource === 'events') continue;
      const what = `${verb} ${resource}`;
      counts[what] = (counts[what] ?? 0) + value;
    }
    return counts;
  }

  /** Events that were written so far. */
  get events(): number {
    return this.#sum('pgherd_kubernetes_requests_total', ({ resource }) => resource === 'events');
  }

  #sum(wanted: string, matches: (labels: Record<string, string>) => boolean): number {
    const found = this.#samples.filter(({ name, labels }) => name === wanted && matches(labels));
    return found.reduce((sum, { value }) => sum + value, 0);
  }
}

function parseLine(line: string): Sample {
  const value = Number(line.slice(line.lastIndexOf(' ') + 1));
  const [, name = '', list = ''] = /^(\w+)(?:\{(.*)\})?/.exec(line) ?? [];
  const labels = Object.fromEntries(
    [...list.matchAll(/(\w+)="([^"]*)"/g)].map(([, key, text]) => [key, text]),
  );
  return { name, labels: labels as Record<string, string>, value };
}

/** What was added between two counts, without what was not. */
export function difference(
  before: Record<string, number>,
  after: Record<string, number>,
): Record<string, number> {
  const grown = Object.entries(after).map(([what, count]) => [what, count - (before[what] ?? 0)] as const);
  return Object.fromEntries(grown.filter(([, count]) => count > 0).sort(([, a], [, b]) => b - a));
}

export function total(counts: Record<string, number>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}
