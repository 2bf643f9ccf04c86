import { summarise } from '../statistics.ts';
import type { Sample, Side } from './sample.ts';
import type { Scene } from './scene.ts';

/** A p99 of fewer measurements would be a maximum with another name. */
const leastForP99 = 100;

const header = [
  'fault or change',
  'store, status late by',
  'goal p50 / p99',
  'p50',
  'p99',
  'max',
  'N',
  'errors',
  'lost',
  'Patroni alone p50',
  'max',
  'N',
  'lost',
  'ratio of p50',
];

/** A Markdown table: one line for each scene, store and delay that was measured. Seconds. */
export function reportOf(scenes: readonly Scene[], samples: readonly Sample[]): string {
  const lines = scenes.flatMap((scene) => {
    const own = samples.filter((sample) => sample.scene === scene.id);
    const variants = [...new Set(own.map(variantOf))].toSorted();
    return variants.map((variant) => lineOf(scene, variant, own));
  });
  return [header, header.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function variantOf({ store, statusDelayMs }: Sample): string {
  return `${store}, ${seconds(statusDelayMs)} s`;
}

function lineOf(scene: Scene, variant: string, samples: readonly Sample[]): string[] {
  const of = (side: Side): Sample[] =>
    samples.filter((sample) => variantOf(sample) === variant && sample.side === side);
  const [helped, alone] = [of('pgherd'), of('patroni')];
  return [
    scene.title,
    variant,
    goalOf(scene),
    ...helpedCells(helped),
    ...aloneCells(alone),
    ratio(alone, helped),
  ];
}

function goalOf({ goal }: Scene): string {
  return `≤ ${goal.p50 ?? '–'} / ≤ ${goal.p99}`;
}

function helpedCells(samples: readonly Sample[]): string[] {
  if (samples.length === 0) return Array.from({ length: 6 }, () => '–');
  const { p50, p99, max, n } = summarise(samples.map(({ gapMs }) => gapMs));
  const p99Cell = n >= leastForP99 ? seconds(p99) : '–';
  const errors = String(sum(samples.map((sample) => sample.errors)));
  return [
    seconds(p50),
    p99Cell,
    seconds(max),
    String(n),
    errors,
    String(sum(samples.map(({ lost }) => lost))),
  ];
}

function aloneCells(samples: readonly Sample[]): string[] {
  if (samples.length === 0) return Array.from({ length: 4 }, () => '–');
  const { p50, max, n } = summarise(samples.map(({ gapMs }) => gapMs));
  return [seconds(p50), seconds(max), String(n), String(sum(samples.map(({ lost }) => lost)))];
}

function ratio(alone: readonly Sample[], helped: readonly Sample[]): string {
  if (alone.length === 0 || helped.length === 0) return '–';
  const [slow, fast] = [alone, helped].map((samples) => summarise(samples.map(({ gapMs }) => gapMs)).p50);
  return `${((slow ?? Number.NaN) / (fast ?? Number.NaN)).toFixed(1)} ×`;
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(2);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
