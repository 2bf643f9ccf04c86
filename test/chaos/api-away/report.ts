import type { AwaySample, PathSample } from './sample.ts';

/** A table of Markdown, a line for each cluster that was measured. */
export function reportOf(samples: readonly AwaySample[]): string {
  const head = [
    'API server',
    'minutes',
    'settings',
    'store',
    'promotions',
    'direct: writes, errors, longest gap, not writable',
    'pooler: writes, errors, longest gap, not writable',
    'lost',
    'whole after',
  ];
  const rows = samples.map((sample) => [
    sample.how,
    String(sample.minutes),
    sample.profile,
    sample.store,
    String(sample.promotions),
    path(sample.direct),
    path(sample.pooler),
    String(sample.direct.lost + sample.pooler.lost),
    `${sample.wholeAfterSeconds} s`,
  ]);
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function path({ acknowledged, errors, longestGapMs, pausedSeconds }: PathSample): string {
  return `${acknowledged}, ${errors}, ${(longestGapMs / 1000).toFixed(1)} s, ${pausedSeconds} s`;
}
