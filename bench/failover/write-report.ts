import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { replaceBetween } from './markdown.ts';
import { phaseReportOf } from './phase-report.ts';
import { plotGaps } from './plot-gaps.ts';
import { plotPhases } from './plot-phases.ts';
import { conditionsOf, reportOf } from './report.ts';
import type { Sample } from './sample.ts';
import type { Scene } from './scene.ts';

/** Writes tables and plots into the documentation, and answers the table. */
export function writeReport(docs: string, scenes: readonly Scene[], samples: readonly Sample[]): string {
  const report = [reportOf(scenes, samples), conditionsOf(samples)].join('\n\n');
  put(join(docs, 'benchmarks.md'), 'failover-gaps', report);
  put(join(docs, 'operations/failover.md'), 'failover-phases', phaseReportOf(scenes, samples));
  writeFileSync(join(docs, 'operations/failover-gaps.svg'), plotGaps(scenes, samples));
  writeFileSync(join(docs, 'operations/failover-phases.svg'), plotPhases(scenes, samples));
  return report;
}

function put(file: string, name: string, text: string): void {
  writeFileSync(file, replaceBetween(readFileSync(file, 'utf8'), name, text));
}
