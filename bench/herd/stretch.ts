import { cpuSeconds, peakMiB, resetPeak } from '../process-cost.ts';
import { difference, OperatorMetrics } from './operator-metrics.ts';
import type { HerdRequests } from './played-herd.ts';
import type { Process } from './processes.ts';

/** What a stretch of time cost. */
export interface Stretch {
  seconds: number;
  /** Passes of the operator over a cluster. */
  passes: number;
  /** Requests of the operator, by `verb resource`; without beginnings of watches, its lease, and events. */
  requests: Record<string, number>;
  /** Events that the operator wrote. */
  events: number;
  operator: { cpuSeconds: number; peakMiB: number };
  apiServer: { cpuSeconds: number; peakMiB: number };
  /** Requests of the pretended nodes and Patronis, by `verb resource code`. */
  herd: HerdRequests;
}

/** Whose cost it is. */
export interface Measured {
  apiServer: Process;
  played: Process;
  operator: Process;
  /** Page of the operator's metrics. */
  metricsUrl: string;
}

interface Moment {
  at: number;
  metrics: OperatorMetrics;
  operatorCpu: number;
  apiServerCpu: number;
  herd: HerdRequests;
}

/** What this work costs, from its begin to its end. */
export async function costOf(measured: Measured, work: () => Promise<void>): Promise<Stretch> {
  const { operator, apiServer } = measured;
  resetPeak(operator.pid);
  resetPeak(apiServer.pid);
  const before = await momentOf(measured);
  await work();
  const after = await momentOf(measured);
  return {
    seconds: (after.at - before.at) / 1000,
    passes: after.metrics.passes - before.metrics.passes,
    requests: difference(before.metrics.requests, after.metrics.requests),
    events: after.metrics.events - before.metrics.events,
    operator: { cpuSeconds: after.operatorCpu - before.operatorCpu, peakMiB: peakMiB(operator.pid) },
    apiServer: { cpuSeconds: after.apiServerCpu - before.apiServerCpu, peakMiB: peakMiB(apiServer.pid) },
    herd: {
      kubelet: difference(before.herd.kubelet, after.herd.kubelet),
      patroni: difference(before.herd.patroni, after.herd.patroni),
    },
  };
}

async function momentOf({ apiServer, played, operator, metricsUrl }: Measured): Promise<Moment> {
  const herd = await played.ask<HerdRequests>('requests');
  const metrics = await OperatorMetrics.read(metricsUrl);
  const [operatorCpu, apiServerCpu] = [cpuSeconds(operator.pid), cpuSeconds(apiServer.pid)];
  return { at: performance.now(), metrics, operatorCpu, apiServerCpu, herd };
}
