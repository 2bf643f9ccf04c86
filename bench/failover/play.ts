import { Lane } from './lane.ts';
import type { Sample, SampleFile, Side } from './sample.ts';
import type { Scene } from './scene.ts';
import { nextCell, wantedOf, type Block, type Cell } from './schedule.ts';
import { Stage } from './stage.ts';

export interface PlayOptions {
  scenes: readonly Scene[];
  sides: readonly Side[];
  blocks: readonly Block[];
  /** How long, all in all; what is in the file counts. */
  minutes?: number;
  /** Instead: so many of everything; what is in the file does not count. */
  runs?: number;
  /** Clusters side by side. */
  clusters: number;
  /** How many measurements of Patroni alone there are to be for one of pgherd. */
  plainShare: number;
  commit: string;
  machine: string;
  samples: SampleFile;
}

interface ScenedCell extends Cell {
  scene: Scene;
}

/** A lane that fails so often in a row has met something that will not pass. */
const mostFailures = 4;

/**
 * Measures until the time is over or all is there that is wanted; takes away what it made. Answers false when a signal
 * ended it early: what was measured is written, and what waits for something may wait still.
 */
export async function playAll(options: PlayOptions): Promise<boolean> {
  const { minutes } = options;
  const end = minutes === undefined ? Infinity : Date.now() + minutes * 60_000;
  try {
    await playRound(options, 1, end);
    // When all is there and time is left, as much again is wanted.
    const isTimeLeft = (): boolean => end < Infinity && Date.now() < end;
    for (let level = 2; isTimeLeft(); level += 1) await playRound(options, level, end);
    return true;
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error;
    console.error(error.message);
    return false;
  }
}

/** Somebody wants it to end. */
class Interrupted extends Error {}

async function playRound(options: PlayOptions, level: number, end: number): Promise<void> {
  const { blocks } = options;
  for (const [index, block] of blocks.entries()) {
    const shares = blocks.slice(index).reduce((total, { share }) => total + share, 0);
    const blockEnd = Date.now() + (end - Date.now()) * (block.share / shares);
    await playBlock(options, { block, isFirst: index === 0, level, end: blockEnd });
  }
}

async function playBlock(
  options: PlayOptions,
  place: { block: Block; isFirst: boolean; level: number; end: number },
): Promise<void> {
  const { block, end, level } = place;
  const cells = cellsOf(options, place);
  const counts = new Counts(options, block, cells);
  if (nextCell(cells, (cell) => counts.of(cell)) === undefined || Date.now() >= end) return;
  const { store, statusDelayMs, isAboutNodes } = block;
  const until = Number.isFinite(end) ? `, until ${new Date(end).toISOString().slice(11, 19)} UTC` : '';
  const nodes = isAboutNodes ? 3 : 1;
  console.log(
    `# ${store}, status late by ${statusDelayMs / 1000} s, nodes: ${nodes}, round ${level}${until}`,
  );
  const stage = await Stage.create({ store, statusDelayMs, nodes });
  const interrupted = interruption();
  try {
    const restless = new Set<Lane>();
    // A node that goes is everybody's.
    const lanes = Array.from(
      { length: isAboutNodes ? 1 : options.clusters },
      () => new Lane(stage, restless),
    );
    const all = Promise.all(lanes.map((lane) => runLane(lane, { options, block, cells, counts, end })));
    await Promise.race([all, interrupted.promise]);
  } finally {
    counts.close();
    interrupted.forget();
    await stage.remove();
  }
}

interface LaneWork {
  options: PlayOptions;
  block: Block;
  cells: readonly ScenedCell[];
  counts: Counts;
  end: number;
}

async function runLane(lane: Lane, { options, block, cells, counts, end }: LaneWork): Promise<void> {
  const { store, statusDelayMs } = block;
  const { commit, machine, samples } = options;
  for (let failures = 0; Date.now() < end && failures < mostFailures;) {
    const cell = nextCell(cells, (each) => counts.of(each), lane.standing);
    if (cell === undefined) return;
    const { scene, side } = cell as ScenedCell;
    counts.add(cell, 1);
    let taken = false;
    try {
      await lane.play(scene, side, ({ outcome, ...conditions }) => {
        taken = true;
        const of = { scene: scene.id, side, store, statusDelayMs };
        samples.add({ ...of, ...conditions, commit, machine, ...outcome });
        console.log(describe({ ...of, ...conditions, commit, machine, ...outcome }));
      });
      failures = 0;
    } catch (error) {
      failures += 1;
      // What was taken away under it complains of that.
      if (counts.isClosed) return;
      console.error(
        `${scene.id}, ${side}, ${taken ? 'afterwards' : 'not measured'}: ${(error as Error).message}`,
      );
    } finally {
      if (!taken) counts.add(cell, -1);
    }
  }
}

function describe({ scene, side, gapMs, errors, lost, inPlace, beside, seconds }: Sample): string {
  const who = inPlace ? ', in place' : '';
  return `${scene}, ${side}: ${gapMs} ms, ${errors} errors, ${lost} lost${who} (${beside} beside, ${seconds} s)`;
}

function cellsOf(
  { scenes, sides, runs, plainShare }: PlayOptions,
  { block, isFirst, level }: { block: Block; isFirst: boolean; level: number },
): ScenedCell[] {
  const cells = scenes.flatMap((scene) =>
    sides.map((side) => {
      const wanted = wantedOf(scene, side, { block, isFirst, plainShare });
      return { scene, side, wanted: wanted === 0 ? 0 : (runs ?? wanted * level) };
    }),
  );
  return cells.filter(({ wanted }) => wanted > 0);
}

/** How many measurements there are, those included that are being made. */
class Counts {
  readonly #counts: Map<Cell, number>;
  #isClosed = false;

  constructor({ samples, runs }: PlayOptions, { store, statusDelayMs }: Block, cells: readonly Cell[]) {
    const known = runs === undefined ? samples.read() : [];
    const here = known.filter((each) => each.store === store && each.statusDelayMs === statusDelayMs);
    const of = ({ scene, side }: Cell): number =>
      here.filter((each) => each.scene === scene.id && each.side === side).length;
    this.#counts = new Map(cells.map((cell) => [cell, of(cell)]));
  }

  of(cell: Cell): number {
    return this.#counts.get(cell) ?? 0;
  }

  /** Nothing more is to be measured. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  close(): void {
    this.#isClosed = true;
  }

  add(cell: Cell, by: number): void {
    this.#counts.set(cell, this.of(cell) + by);
  }
}

/** Rejects at the first signal; without it, signals do as always. */
function interruption(): { promise: Promise<never>; forget: () => void } {
  const { promise, reject } = Promise.withResolvers<never>();
  const stop = (signal: string): void => reject(new Interrupted(`interrupted by ${signal}`));
  const signals = ['SIGINT', 'SIGTERM'] as const;
  for (const signal of signals) process.on(signal, stop);
  return { promise, forget: () => signals.forEach((signal) => process.off(signal, stop)) };
}
