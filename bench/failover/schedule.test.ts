import { describe, expect, test } from 'vitest';
import { blocksOf, nextCell, wantedOf, type Cell } from './schedule.ts';

const cell = (id: string, kind: Cell['scene']['kind'], side: Cell['side'], wanted = 10): Cell => ({
  scene: { id, kind },
  side,
  wanted,
});
const kill = cell('kill', 'quorum', 'pgherd');
const plain = cell('kill', 'quorum', 'patroni', 2);
const move = cell('move', 'synchronous', 'pgherd');
const cells = [kill, plain, move];

const counted = (counts: ReadonlyMap<Cell, number>) => (each: Cell) => counts.get(each) ?? 0;

describe('what comes next', () => {
  test('what is furthest from what is wanted', () => {
    const count = counted(
      new Map([
        [kill, 3],
        [plain, 1],
        [move, 2],
      ]),
    );
    expect(nextCell(cells, count)).toBe(move);
  });

  test('a cluster that stands is used several times, then another has its turn', () => {
    const count = counted(new Map([[kill, 3]]));
    const standing = { kind: 'quorum', side: 'pgherd' } as const;
    expect(nextCell(cells, count, { ...standing, used: 5 })).toBe(kill);
    expect(nextCell(cells, count, { ...standing, used: 6 })).toBe(plain);
  });

  test('on a cluster of one side nothing of the other is measured', () => {
    const count = counted(new Map([[kill, 10]]));
    expect(nextCell([kill, plain], count, { kind: 'quorum', side: 'pgherd', used: 1 })).toBe(plain);
    expect(nextCell([kill], count, { kind: 'quorum', side: 'pgherd', used: 1 })).toBeUndefined();
  });
});

describe('how much is wanted where', () => {
  const [first, ...others] = blocksOf({
    stores: ['endpoints', 'configmaps'],
    delaysMs: [0, 1500],
    nodes: true,
    others: true,
  });
  const of = (scene: { wanted: number; isAboutNodes?: true }, side: Cell['side'], block = first) =>
    block && wantedOf(scene, side, { block, isFirst: block === first, plainShare: 0.25 });

  test('every store with every delay, and the nodes at the end', () => {
    const all = [first, ...others].map((block) => [block?.store, block?.statusDelayMs, block?.isAboutNodes]);
    expect(all).toEqual([
      ['endpoints', 0, false],
      ['configmaps', 0, false],
      ['endpoints', 1500, false],
      ['configmaps', 1500, false],
      ['endpoints', 0, true],
    ]);
  });

  test('all of it with the first, a part with the others, a share without the operator', () => {
    expect(of({ wanted: 100 }, 'pgherd')).toBe(100);
    expect(of({ wanted: 100 }, 'patroni')).toBe(25);
    expect(of({ wanted: 100 }, 'pgherd', others[0])).toBe(25);
    expect(of({ wanted: 100 }, 'patroni', others[0])).toBe(7);
  });

  test('nodes only where there are several', () => {
    expect(of({ wanted: 10, isAboutNodes: true }, 'pgherd')).toBe(0);
    expect(of({ wanted: 10, isAboutNodes: true }, 'pgherd', others.at(-1))).toBe(10);
    expect(of({ wanted: 10 }, 'pgherd', others.at(-1))).toBe(0);
  });
});
