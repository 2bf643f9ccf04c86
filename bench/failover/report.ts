import { summarise } from '../statistics.ts';
import { nameOf, variantsOf, type Variant } from './groups.ts';
import { seconds, table } from './markdown.ts';
import type { Sample, Side } from './sample.ts';
import type { Scene } from './scene.ts';

/** A p99 of fewer measurements would be a maximum with another name. */
const leastForP99 = 100;

const header = [
  'fault or change',
  'store, status late by',
  'goal p50 / p99',
  'N',
  'p50',
  'p95',
  'p99',
  'lost',
  'errors',
  'Patroni alone: N',
  'p50',
  'max',
  'lost',
  'errors',
  'ratio of p50',
];

/** A Markdown table: one line for each scene, store and delay that was measured. Seconds. */
export function reportOf(scenes: readonly Scene[], samples: readonly Sample[]): string {
  const lines = scenes.flatMap((scene) =>
    variantsOf(samples.filter((sample) => sample.scene === scene.id)).map((variant) =>
      lineOf(scene, variant),
    ),
  );
  return table(header, lines);
}

/** On what, from when to when, and under which load it was measured. */
export function conditionsOf(samples: readonly Sample[]): string {
  if (samples.length === 0) return 'Nothing was measured yet.';
  const machines = [...new Set(samples.map(({ machine }) => machine))].join('; ');
  const days = samples.map(({ at }) => at.slice(0, 10)).toSorted();
  const span = days[0] === days.at(-1) ? days[0] : `${days[0]} to ${days.at(-1)}`;
  const load = summarise(samples.map((sample) => sample.load));
  const beside = summarise(samples.map((sample) => sample.beside));
  const commits = [...new Set(samples.map(({ commit }) => commit))];
  const version = commits.length === 1 ? `version ${commits[0]}` : `versions ${commits.join(', ')}`;
  return (
    `${samples.length} measurements, ${span}, ${version}; ${machines}. Load of the machine: median ` +
    `${load.p50.toFixed(1)}, at most ${load.max.toFixed(1)}. Other clusters that were not at rest: median ` +
    `${beside.p50}, at most ${beside.max}.`
  );
}

function lineOf(scene: Scene, variant: Variant): string[] {
  const of = (side: Side): Sample[] => variant.samples.filter((sample) => sample.side === side);
  const [helped, alone] = [of('pgherd'), of('patroni')];
  return [
    scene.title,
    nameOf(variant),
    goalOf(scene),
    ...helpedCells(scene, helped),
    ...aloneCells(scene, alone),
    ratio(scene, alone, helped),
  ];
}

function goalOf({ goal }: Scene): string {
  return `${goal.p50 === undefined ? '–' : `≤ ${goal.p50}`} / ≤ ${goal.p99}`;
}

function helpedCells(scene: Scene, samples: readonly Sample[]): string[] {
  if (samples.length === 0) return ['0', '–', '–', '–', '–', '–'];
  const { n, p50, p95, p99, max } = summarise(samples.map(({ gapMs }) => gapMs));
  return [
    String(n),
    seconds(p50),
    seconds(p95),
    n >= leastForP99 ? seconds(p99) : `max ${seconds(max)}`,
    lostCell(scene, samples),
    errorsCell(samples),
  ];
}

function aloneCells(scene: Scene, samples: readonly Sample[]): string[] {
  if (samples.length === 0) return ['0', '–', '–', '–', '–'];
  const { n, p50, max } = summarise(samples.map(({ gapMs }) => gapMs));
  return [String(n), seconds(p50), seconds(max), lostCell(scene, samples), errorsCell(samples)];
}

/** An asynchronous takeover may lose something; coming back may not. */
function lostCell({ kind }: Scene, samples: readonly Sample[]): string {
  const lost = (some: readonly Sample[]): number => some.reduce((total, each) => total + each.lost, 0);
  const [back, taken] = [samples.filter((each) => each.inPlace), samples.filter((each) => !each.inPlace)];
  if (kind !== 'asynchronous') return String(lost(samples));
  return `${lost(back)} in ${back.length} restarts, ${lost(taken)} in ${taken.length} takeovers`;
}

function errorsCell(samples: readonly Sample[]): string {
  const unfinished = samples.filter((each) => each.unfinished === true).length;
  const errors = samples.reduce((total, each) => total + each.errors, 0);
  return unfinished === 0 ? String(errors) : `${errors}, ${unfinished} not over in 180 s`;
}

function ratio({ client }: Scene, alone: readonly Sample[], helped: readonly Sample[]): string {
  if (alone.length === 0 || helped.length === 0) return '–';
  // Whoever gave up does not wait.
  if (client === 'pgbench' && [...alone, ...helped].some(({ errors }) => errors > 0))
    return 'clients gave up';
  const [slow, fast] = [alone, helped].map((samples) => summarise(samples.map(({ gapMs }) => gapMs)).p50);
  return `${((slow ?? Number.NaN) / (fast ?? Number.NaN)).toFixed(1)} ×`;
}
