import { expect, test } from 'vitest';
import { withCurrentFlags } from './old-flags.ts';

test('flags of Zalando’s operator are understood, and nobody else’s are touched', () => {
  const old = [
    '-kubeconfig=/k',
    '-nodatabaseaccess',
    '-noteamsapi=false',
    '--outofcluster=true',
    '-kubeqps',
    '10',
  ];
  expect(withCurrentFlags(['operator', 'run', ...old])).toEqual([
    'operator',
    'run',
    '--kubeconfig=/k',
    '--nodatabaseaccess',
    '--outofcluster',
    '--kubeqps',
    '10',
  ]);
  expect(withCurrentFlags(['plan', '-noteamsapi'])).toEqual(['plan', '-noteamsapi']);
});
