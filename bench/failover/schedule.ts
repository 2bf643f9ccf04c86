import type { ClusterKind } from './cluster-kind.ts';
import type { Side, Store } from './sample.ts';
import type { Scene } from './scene.ts';

/** What is measured in one line of the table. */
export interface Cell {
  scene: Pick<Scene, 'id' | 'kind'>;
  side: Side;
  /** How many measurements are wanted. */
  wanted: number;
}

/** Clusters of one store and one delay, for a share of the time. */
export interface Block {
  store: Store;
  statusDelayMs: number;
  isAboutNodes: boolean;
  /** Part of the time that is left, beside the shares of those that follow. */
  share: number;
}

/** A cluster that a lane has already, and how often it was used. */
export interface Standing {
  kind: ClusterKind;
  side: Side;
  used: number;
}

/** Making a cluster takes as long as a measurement: one is used several times before another is made. */
const usesInRow = 6;

/**
 * What to measure next: what is furthest from what is wanted; on the cluster that stands, for a while. Undefined: all
 * that is wanted is there. `count` includes what is being measured.
 */
export function nextCell(
  cells: readonly Cell[],
  count: (cell: Cell) => number,
  standing?: Standing,
): Cell | undefined {
  const open = cells.filter((cell) => count(cell) < cell.wanted);
  const here = open.filter(
    ({ scene, side }) =>
      standing !== undefined &&
      standing.used < usesInRow &&
      scene.kind === standing.kind &&
      side === standing.side,
  );
  const share = (cell: Cell): number => count(cell) / cell.wanted;
  return (here.length > 0 ? here : open).toSorted((a, b) => share(a) - share(b))[0];
}

/** What part of the measurements with the first store and delay is wanted with the others. */
const elsewhereShare = 0.25;

/** How much is wanted of a scene on one side in one block; nothing: it is not played there. */
export function wantedOf(
  scene: Pick<Scene, 'wanted' | 'isAboutNodes'>,
  side: Side,
  place: { block: Block; isFirst: boolean; plainShare: number },
): number {
  const { block, isFirst, plainShare } = place;
  if ((scene.isAboutNodes === true) !== block.isAboutNodes) return 0;
  const ofBlock = isFirst || block.isAboutNodes ? scene.wanted : scene.wanted * elsewhereShare;
  return Math.ceil(side === 'pgherd' ? ofBlock : ofBlock * plainShare);
}

/** The stores and delays in the order in which they are measured, and the nodes at the end. */
export function blocksOf(options: {
  stores: readonly Store[];
  delaysMs: readonly number[];
  nodes: boolean;
  others: boolean;
}): Block[] {
  const { stores, delaysMs } = options;
  const combinations = delaysMs.flatMap((statusDelayMs) => stores.map((store) => ({ store, statusDelayMs })));
  const blocks = combinations.map((each, index) => ({
    ...each,
    isAboutNodes: false,
    share: index === 0 ? 9 : 1.5,
  }));
  const [first] = combinations;
  const nodes = first === undefined ? [] : [{ ...first, isAboutNodes: true, share: 3 }];
  return [...(options.others ? blocks : []), ...(options.nodes ? nodes : [])];
}
