import { expect, test } from 'vitest';
import { replaceBetween } from './markdown.ts';
import { plotGaps } from './plot-gaps.ts';
import { plotPhases } from './plot-phases.ts';
import { phaseReportOf } from './phase-report.ts';
import { conditionsOf, reportOf } from './report.ts';
import type { Sample } from './sample.ts';
import { scenes } from './scenes.ts';

const sample = (changes: Partial<Sample>): Sample => ({
  scene: 'kill-synchronous',
  side: 'pgherd',
  store: 'endpoints',
  statusDelayMs: 0,
  at: '2026-01-31T10:00:00.000Z',
  load: 1,
  beside: 0,
  commit: 'abc1234',
  machine: 'a machine',
  seconds: 10,
  gapMs: 500,
  errors: 3,
  acknowledged: 100,
  lost: 0,
  inPlace: false,
  ...changes,
});

const linesOf = (samples: readonly Sample[]): string[] => reportOf(scenes, samples).split('\n').slice(2);

test('a p99 only of a hundred', () => {
  const hundred = Array.from({ length: 100 }, (_, index) => sample({ gapMs: (index + 1) * 10 }));
  expect(linesOf(hundred)[0]).toContain('| 100 | 0.50 | 0.95 | 0.99 | 0 | 300 |');
  expect(linesOf(hundred.slice(1))[0]).toContain('| 99 | 0.51 | 0.96 | max 1.00 | 0 | 297 |');
});

test('a line for each store and delay, beside Patroni alone under the same', () => {
  const lines = linesOf([
    sample({ store: 'configmaps', statusDelayMs: 1500, gapMs: 2000 }),
    sample({}),
    sample({ side: 'patroni', gapMs: 5000, lost: 1 }),
  ]);
  expect(lines).toHaveLength(2);
  expect(lines[0]).toContain('| Endpoints, 0 s |');
  expect(lines[0]).toContain('| 1 | 5.00 | 5.00 | 1 | 3 | 10.0 × |');
  expect(lines[1]).toContain('| ConfigMaps, 1.5 s |');
  expect(lines[1]).toContain('| 0 | – | – | – | – | – |');
});

test('what is lost by an asynchronous takeover stands apart; what was never over is told', () => {
  const [line] = linesOf([
    sample({ scene: 'kill-asynchronous', inPlace: true }),
    sample({ scene: 'kill-asynchronous', lost: 2, unfinished: true }),
  ]);
  expect(line).toContain('| 0 in 1 restarts, 2 in 1 takeovers | 6, 1 not over in 180 s |');
});

test('clients of pgbench that gave up are not compared with those that waited', () => {
  const scene = 'rolling-update';
  const waited = sample({ scene, errors: 0, gapMs: 2000 });
  const alone = sample({ scene, side: 'patroni', errors: 0, gapMs: 6000 });
  expect(linesOf([waited, alone])[0]).toContain('| 3.0 × |');
  expect(linesOf([waited, { ...alone, errors: 200 }])[0]).toContain('| clients gave up |');
});

test('conditions are told', () => {
  expect(conditionsOf([sample({}), sample({ load: 3, beside: 2 })])).toBe(
    '2 measurements, 2026-01-31, version abc1234; a machine. Load of the machine: median 1.0, at most 3.0. ' +
      'Other clusters that were not at rest: median 0, at most 2.',
  );
});

test('medians of phases, takeovers and restarts apart', () => {
  const samples = [
    sample({ phases: { ended: 100, taken: 300, written: 500 } }),
    sample({ phases: { ended: 110, written: 600 } }),
    sample({ phases: { ended: 120, taken: 320, written: 700 } }),
    sample({ inPlace: true, phases: { ended: 130, written: 3000 } }),
  ];
  const lines = phaseReportOf(scenes, samples).split('\n').slice(2);
  expect(lines).toHaveLength(2);
  expect(lines[0]).toContain(
    'a replica takes over | Endpoints, 0 s | 3 | 0.11 |  | 0.30 |  |  |  |  | 0.60 |',
  );
  expect(lines[1]).toContain('the same comes back | Endpoints, 0 s | 1 | 0.13 |  |  |  |  |  |  | 3.00 |');
});

test('plots are the same for the same measurements, and have a curve for each side', () => {
  const samples = [sample({ phases: { ended: 100, written: 500 } }), sample({ side: 'patroni' })];
  const gaps = plotGaps(scenes, samples);
  expect(plotGaps(scenes, samples)).toBe(gaps);
  expect(gaps.match(/fill="none"/g)).toHaveLength(2);
  expect(plotPhases(scenes, samples).match(/<circle/g)).toHaveLength(8 + 2);
  expect(plotGaps(scenes, [])).not.toContain('NaN');
});

test('a generated part stands between its lines, and nothing else changes', () => {
  const document = 'a\n<!-- x -->\nold\n<!-- /x -->\nb\n';
  const replaced = replaceBetween(document, 'x', 'new');
  expect(replaced).toBe('a\n<!-- x -->\n\nnew\n\n<!-- /x -->\nb\n');
  expect(replaceBetween(replaced, 'x', 'new')).toBe(replaced);
  expect(() => replaceBetween(document, 'y', 'new')).toThrow('there are no lines <!-- y -->');
});
