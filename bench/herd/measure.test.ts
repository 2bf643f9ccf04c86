import { expect, test } from 'vitest';
import { measureHerd } from './measure.ts';
import { total } from './operator-metrics.ts';

test(
  'a small herd gives every figure, and a pass without changes asks nothing',
  { timeout: 120_000 },
  async () => {
    const figures = await measureHerd({
      clusters: 3,
      quietSeconds: 1,
      fullPasses: 1,
      changes: 2,
      changesPerSecond: 10,
      loopWaitSeconds: 10,
      say: () => {},
    });
    const { creation, createdAfter, fullPasses, changes, firstWrite } = figures;
    expect(createdAfter.n).toBe(3);
    expect(creation.requests).toMatchObject({ 'apply statefulsets': 3 });
    expect(creation.operator.cpuSeconds).toBeGreaterThan(0);
    expect(creation.operator.peakMiB).toBeGreaterThan(0);
    expect(total(creation.herd.patroni)).toBeGreaterThan(0);
    expect(fullPasses).toEqual([expect.objectContaining({ requests: {} })]);
    expect(fullPasses[0]?.passes).toBeGreaterThanOrEqual(3);
    expect(firstWrite.n).toBe(2);
    expect(changes.requests).toMatchObject({ 'apply services': 4 });
  },
);
