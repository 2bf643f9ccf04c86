import { element, label, picture } from '../plots/svg.ts';
import type { Sample } from './sample.ts';
import type { Scene } from './scene.ts';

/** One curve of each panel. */
interface Series {
  title: string;
  color: string;
  dashes: string;
  has: (sample: Sample) => boolean;
}

const series: readonly Series[] = [
  {
    title: 'pgherd',
    color: '#0969da',
    dashes: 'none',
    has: ({ side, statusDelayMs }) => side === 'pgherd' && statusDelayMs === 0,
  },
  {
    title: 'pgherd, pod status comes late',
    color: '#0969da',
    dashes: '4 3',
    has: ({ side, statusDelayMs }) => side === 'pgherd' && statusDelayMs > 0,
  },
  { title: 'Patroni alone', color: '#bc4c00', dashes: 'none', has: ({ side }) => side === 'patroni' },
];

const columns = 3;
const panel = { width: 300, height: 190 };
const plot = { left: 40, top: 40, width: 244, height: 112 };
const legendHeight = 30;
/** Seconds; logarithmic between the first and the last. */
const ticks = [0.1, 0.3, 1, 3, 10, 30, 100];
const lettersInLine = 46;

/** Which part of the measurements was over within which time; a panel for each scene that was measured. */
export function plotGaps(scenes: readonly Scene[], samples: readonly Sample[]): string {
  const panels = scenes.flatMap((scene) => {
    const own = samples.filter((sample) => sample.scene === scene.id);
    return own.length === 0 ? [] : [{ scene, own }];
  });
  const rows = Math.max(1, Math.ceil(panels.length / columns));
  const drawn = panels.map(({ scene, own }, index) => {
    const x = (index % columns) * panel.width;
    const y = legendHeight + Math.floor(index / columns) * panel.height;
    return element('g', { transform: `translate(${x} ${y})` }, drawPanel(scene, own));
  });
  const size = [columns * panel.width, legendHeight + rows * panel.height] as const;
  return picture(
    ...size,
    'How long nobody could write: part of the measurements that were over, by seconds',
    [drawLegend(), ...drawn],
  );
}

function drawLegend(): string {
  const entries = series.map(({ title, color, dashes }, index) => {
    const x = plot.left + index * 220;
    const line = { x1: x, x2: x + 26, y1: 16, y2: 16, stroke: color, 'stroke-width': 2 };
    return element('line', { ...line, 'stroke-dasharray': dashes }) + label(title, x + 32, 20);
  });
  const goals = element('path', { d: 'M 694 12 l 8 0 l -4 8 z', fill: '#57606a' });
  return entries.join('') + goals + label('goal of p50 and p99', 706, 20);
}

function drawPanel(scene: Scene, samples: readonly Sample[]): string {
  const grid = ticks.map((tick) => {
    const x = xOf(tick);
    const line = { x1: x, x2: x, y1: plot.top, y2: plot.top + plot.height, stroke: '#d0d7de' };
    const y = plot.top + plot.height + 14;
    return element('line', line) + label(String(tick), x, y, { 'text-anchor': 'middle' });
  });
  const shares = [0, 50, 100].map((percent) => {
    const y = yOf(percent / 100);
    const line = { x1: plot.left, x2: plot.left + plot.width, y1: y, y2: y, stroke: '#d0d7de' };
    const text = { 'text-anchor': 'end' };
    return element('line', line) + label(`${percent} %`, plot.left - 4, y + 4, text);
  });
  const goals = [scene.goal.p50, scene.goal.p99].flatMap((goal) =>
    goal === undefined
      ? []
      : [element('path', { d: `M ${xOf(goal) - 4} ${plot.top - 8} l 8 0 l -4 8 z`, fill: '#57606a' })],
  );
  const titles = wrap(scene.title.replaceAll('`', '')).map((line, index) =>
    label(line, plot.left, 12 + index * 13, { 'font-weight': 'bold', 'font-size': 10 }),
  );
  const curves = series.map((each) => drawCurve(each, samples.filter(each.has)));
  const counts = series.flatMap((each) => {
    const n = samples.filter(each.has).length;
    return n === 0 ? [] : [`${n}`];
  });
  const n = label(`N ${counts.join(', ')}; seconds`, plot.left + plot.width, plot.top + plot.height + 28, {
    'text-anchor': 'end',
    fill: '#57606a',
  });
  return [...titles, ...grid, ...shares, ...goals, ...curves, n].join('\n');
}

/** Steps up by one part at each measurement. */
function drawCurve({ color, dashes }: Series, samples: readonly Sample[]): string {
  if (samples.length === 0) return '';
  const sorted = samples.map(({ gapMs }) => gapMs / 1000).toSorted((a, b) => a - b);
  const steps = sorted.map(
    (gap, index) => `H ${fixed(xOf(gap))} V ${fixed(yOf((index + 1) / sorted.length))}`,
  );
  const d = `M ${plot.left} ${fixed(yOf(0))} ${steps.join(' ')} H ${plot.left + plot.width}`;
  return element('path', { d, fill: 'none', stroke: color, 'stroke-width': 1.5, 'stroke-dasharray': dashes });
}

function xOf(seconds: number): number {
  const [least = 0.1, most = 100] = [ticks[0], ticks.at(-1)];
  const share = Math.log(seconds / least) / Math.log(most / least);
  return plot.left + Math.min(1, Math.max(0, share)) * plot.width;
}

function yOf(share: number): number {
  return plot.top + (1 - share) * plot.height;
}

function fixed(value: number): string {
  return String(Math.round(value * 10) / 10);
}

/** In two lines where one is too short. */
function wrap(text: string): string[] {
  if (text.length <= lettersInLine) return [text];
  const space = text.lastIndexOf(' ', lettersInLine);
  return [text.slice(0, space), text.slice(space + 1)];
}
