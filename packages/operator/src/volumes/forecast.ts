import type { Usage } from './usage.ts';

/** What is to be expected of a volume. */
export interface Forecast {
  /** Bytes, negative when it becomes less. */
  growthPerDay: number;
  /** Milliseconds since 1970; undefined when it does not become full within ten years. */
  fullAt: number | undefined;
  /** How long it was looked at, in milliseconds: the longer, the better the forecast. */
  basedOnMs: number;
}

const dayMs = 24 * 60 * 60_000;
const tenYearsMs = 10 * 365 * dayMs;
/** Of less nothing can be said. */
const leastSamples = 3;
const leastMs = 10 * 60_000;

/** A straight line through what was used (least squares); undefined for too few samples, or over too short a time. */
export function forecast(samples: readonly Usage[]): Forecast | undefined {
  const [first, last] = [samples[0], samples.at(-1)];
  if (first === undefined || last === undefined || samples.length < leastSamples) return undefined;
  const basedOnMs = last.at - first.at;
  if (basedOnMs < leastMs) return undefined;
  const mean = (of: (sample: Usage) => number) =>
    samples.reduce((sum, sample) => sum + of(sample), 0) / samples.length;
  const [at, used] = [mean((sample) => sample.at - first.at), mean((sample) => sample.used)];
  const spread = mean((sample) => (sample.at - first.at - at) ** 2);
  const together = mean((sample) => (sample.at - first.at - at) * (sample.used - used));
  const growthPerDay = Math.round((together / spread) * dayMs);
  const leftMs = growthPerDay > 0 ? (last.free / growthPerDay) * dayMs : Infinity;
  return {
    growthPerDay,
    fullAt: leftMs < tenYearsMs ? Math.round(last.at + leftMs) : undefined,
    basedOnMs,
  };
}
