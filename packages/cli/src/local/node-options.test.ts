import { expect, test } from 'vitest';
import { wantedNodes } from './node-options.ts';

test('what is not given stays as it is', () => {
  expect(wantedNodes({})).toEqual({});
  expect(wantedNodes({ nodes: '3', zones: 'a, b', nodeGrace: '8' })).toEqual({
    count: 3,
    zones: ['a', 'b'],
    graceSeconds: 8,
  });
});

test.each([
  [{ nodes: '0' }, '--nodes 0: give a whole number from 1 to 20'],
  [{ nodes: '3.5' }, '--nodes 3.5'],
  [{ nodes: '' }, '--nodes'],
  [{ zones: 'a,,b' }, '"" is no name of a zone'],
  [{ zones: 'a b' }, '"a b" is no name of a zone'],
  [{ nodeGrace: 'soon' }, '--node-grace soon'],
])('%j is refused', (options, message) => {
  expect(() => wantedNodes(options)).toThrow(message);
});
