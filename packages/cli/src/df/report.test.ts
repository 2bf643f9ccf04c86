import { expect, test } from 'vitest';
import { formatVolumes, volumeRow } from './report.ts';

const Gi = 1024 ** 3;
const now = Date.parse('2026-01-01T00:00:00Z');
const names = (ordinal: number) => ({
  cluster: 'acid-demo',
  pod: `acid-demo-${ordinal}`,
  claim: `pgdata-acid-demo-${ordinal}`,
  claimSize: '10Gi',
});
const usage = { size: 10 * Gi, used: 6 * Gi, free: 4 * Gi, wal: Gi, at: now };

test('what is used, by how much it grows, and when it is full', () => {
  const rows = [
    volumeRow({
      ...names(0),
      usage,
      status: {
        claim: 'pgdata-acid-demo-0',
        usedPercent: 60,
        growthBytesPerDay: Gi / 2,
        fullAt: '2026-01-09T00:00:00Z',
      },
    }),
    volumeRow({
      ...names(1),
      usage: { ...usage, wal: undefined },
      status: { claim: 'pgdata-acid-demo-1', usedPercent: 60, growthBytesPerDay: -Gi },
    }),
    volumeRow({ ...names(2), usage: undefined, status: undefined, problem: 'it does not run' }),
  ];
  expect(rows[0]).toMatchObject({ used: 6 * Gi, usedPercent: 60, growthPerDay: Gi / 2, wal: Gi });
  expect(formatVolumes(rows, now).split('\n')).toEqual([
    'POD           CLAIM   SIZE       USED      FREE      USE%   WAL       GROWTH/DAY        FULL IN',
    'acid-demo-0   10Gi    10.0 GiB   6.0 GiB   4.0 GiB   60%    1.0 GiB   +512.0 MiB        8d',
    'acid-demo-1   10Gi    10.0 GiB   6.0 GiB   4.0 GiB   60%    -         -1.0 GiB          not in sight',
    'acid-demo-2   10Gi    -          -         -         -      -         too few samples   -',
    'acid-demo-2: it does not run',
  ]);
});

test('of no volumes nothing is said but that', () => {
  expect(formatVolumes([], now)).toBe('no volumes');
});
