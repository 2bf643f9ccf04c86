import { element, label, picture } from '../plots/svg.ts';
import { nameOf, variantsOf } from './groups.ts';
import { medianPhases, phaseNames, phaseTitles } from './phase-report.ts';
import type { Phases } from './phases.ts';
import type { Sample } from './sample.ts';
import type { Scene } from './scene.ts';

const colors: Record<keyof Phases, string> = {
  ended: '#cf222e',
  cleared: '#8250df',
  taken: '#0969da',
  served: '#1b7c83',
  labelled: '#57606a',
  promoting: '#bf8700',
  promoted: '#4d2d00',
  written: '#1a7f37',
};

/** The other faults go the same way. */
const shown = ['kill-synchronous', 'kill-quorum', 'kill-asynchronous', 'postmaster'];

const width = 900;
const left = 380;
const right = 40;
const rowHeight = 22;
const legendRows = 2;
const top = 20 + legendRows * 18;

/** A line of time for each fault, store and delay: medians of what was seen when, after the fault. */
export function plotPhases(scenes: readonly Scene[], samples: readonly Sample[]): string {
  const rows = scenes
    .filter(({ id }) => shown.includes(id))
    .flatMap((scene) => {
      const own = samples.filter((each) => each.scene === scene.id && each.side === 'pgherd' && each.phases);
      return variantsOf(own).flatMap((variant) =>
        [false, true].flatMap((inPlace) => {
          const group = variant.samples.filter((each) => each.inPlace === inPlace);
          // One that happened once is no median.
          if (group.length * 10 < variant.samples.length) return [];
          const who = inPlace ? 'comes back' : 'takeover';
          const name = `${scene.id}, ${nameOf(variant)}, ${who} (N ${group.length})`;
          return [{ name, phases: medianPhases(group) }];
        }),
      );
    });
  const longest = Math.max(1000, ...rows.flatMap(({ phases }) => Object.values(phases) as number[]));
  const xOf = (ms: number): number => left + (ms / longest) * (width - left - right);
  const drawn = rows.map(({ name, phases }, index) => drawRow(name, phases, top + index * rowHeight, xOf));
  const bottom = top + rows.length * rowHeight;
  const stepMs = longest > 4_000 ? 1_000 : 250;
  const ticks = Array.from({ length: Math.floor(longest / stepMs) + 1 }, (_, index) => index * stepMs);
  const axis = ticks.map((ms) => {
    const line = { x1: xOf(ms), x2: xOf(ms), y1: top - 6, y2: bottom, stroke: '#d0d7de' };
    return element('line', line) + label(`${ms / 1000} s`, xOf(ms), bottom + 14, { 'text-anchor': 'middle' });
  });
  const title = 'Failover: medians of what was seen when, seconds after the fault';
  return picture(width, bottom + 26, title, [drawLegend(), ...axis, ...drawn]);
}

function drawRow(name: string, phases: Phases, y: number, xOf: (ms: number) => number): string {
  const middle = y + rowHeight / 2;
  const end = phases.written ?? 0;
  const line = { x1: xOf(0), x2: xOf(end), y1: middle, y2: middle, stroke: '#8c959f', 'stroke-width': 2 };
  const points = phaseNames.flatMap((phase) => {
    const at = phases[phase];
    return at === undefined
      ? []
      : [element('circle', { cx: xOf(at), cy: middle, r: 4, fill: colors[phase], stroke: '#ffffff' })];
  });
  const text = label(name, left - 10, middle + 4, { 'text-anchor': 'end' });
  return [text, element('line', line), ...points].join('');
}

function drawLegend(): string {
  return phaseNames
    .map((phase, index) => {
      const perRow = Math.ceil(phaseNames.length / legendRows);
      const [x, y] = [20 + (index % perRow) * 220, 16 + Math.floor(index / perRow) * 18];
      const point = { cx: x, cy: y - 4, r: 4, fill: colors[phase] };
      return element('circle', point) + label(phaseTitles[phase], x + 10, y);
    })
    .join('');
}
