import { expect, test } from 'vitest';
import { describe } from './up.ts';

const running = {
  home: '/h',
  kubeconfig: '/h/kubeconfig',
  address: 'https://127.0.0.1:7443',
  started: [],
  apiReadyMs: 40,
};

test('nodes that were added to a running instance are told', () => {
  expect(describe({ ...running, addedNodes: ['node-2', 'node-3'] }).split('\n')).toEqual([
    'already running at https://127.0.0.1:7443',
    'added nodes node-2, node-3',
    'export KUBECONFIG=/h/kubeconfig',
  ]);
  expect(describe({ ...running, addedNodes: ['node-2'] })).toContain('added node node-2\n');
  expect(describe({ ...running, addedNodes: [] })).not.toContain('added');
});
