import { summarise } from '../statistics.ts';
import type { Figures } from './measure.ts';
import { total } from './operator-metrics.ts';
import type { Stretch } from './stretch.ts';

/** Prints the figures as tables in Markdown. */
export function printFigures(clusters: number, figures: Figures, print: (line: string) => void): void {
  const { creation, createdAfter, quiet, fullPasses, changes, firstWrite } = figures;
  const table = (head: string[], rows: (string | number)[][]): void => {
    print('');
    for (const row of [head, head.map(() => '---'), ...rows]) print(`| ${row.map(show).join(' | ')} |`);
  };
  const over = (pick: (pass: Stretch) => number) => {
    const { p50, max, n } = summarise(fullPasses.map(pick));
    return [p50, max, n];
  };
  table(
    ['what', 'unit', 'goal', 'median', 'largest', 'N'],
    [
      [`${clusters} manifests to all Running`, 's', '', creation.seconds, creation.seconds, 1],
      ['one manifest to Running', 's', '', createdAfter.p50, createdAfter.max, createdAfter.n],
      ['full pass without changes: requests', '', '0', ...over((pass) => total(pass.requests))],
      ['full pass: CPU of the operator', 's', '≤ 2', ...over((pass) => pass.operator.cpuSeconds)],
      ['full pass: duration', 's', '', ...over((pass) => pass.seconds)],
      ['full pass: peak memory of the operator', 'MiB', '≤ 300', ...over((pass) => pass.operator.peakMiB)],
      [
        `quiet ${Math.round(quiet.seconds)} s: requests`,
        '',
        '0',
        total(quiet.requests),
        total(quiet.requests),
        1,
      ],
    ],
  );
  table(
    ['what', 'unit', 'goal', 'p50', 'p95', 'p99', 'max', 'N'],
    [
      [
        'change of a manifest to the first write',
        's',
        'p99 ≤ 1',
        firstWrite.p50,
        firstWrite.p95,
        firstWrite.p99,
        firstWrite.max,
        firstWrite.n,
      ],
    ],
  );
  const stretch = (
    name: string,
    { seconds, passes, requests, events, operator, apiServer, herd }: Stretch,
  ) => [
    name,
    seconds,
    passes,
    total(requests),
    events,
    operator.cpuSeconds,
    operator.peakMiB,
    apiServer.cpuSeconds,
    apiServer.peakMiB,
    total(herd.kubelet) + total(herd.patroni),
  ];
  table(
    [
      'stretch',
      'seconds',
      'passes',
      'requests',
      'events',
      'operator CPU s',
      'operator peak MiB',
      'API server CPU s',
      'API server peak MiB',
      "pods' requests",
    ],
    [
      stretch('creation', creation),
      stretch('quiet', quiet),
      ...fullPasses.map((pass, index) => stretch(`full pass ${index + 1}`, pass)),
      stretch('changes', changes),
    ],
  );
  table(
    ["operator's requests to create", 'per cluster'],
    [
      ...Object.entries(creation.requests).map(([what, count]) => [what, count / clusters]),
      ['together', total(creation.requests) / clusters],
    ],
  );
}

function show(value: string | number): string {
  if (typeof value === 'string') return value;
  return Number.isInteger(value) ? String(value) : value.toFixed(2);
}
