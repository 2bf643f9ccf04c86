import { expect, test } from 'vitest';
import { sharingParts } from './sharing.ts';

test('parts that did not change are the very same, the others the new ones', () => {
  const previous = {
    metadata: { name: 'a', labels: { x: 'y' }, annotations: { a: '1' }, finalizers: ['f'] },
    spec: { list: [{ a: 1 }] },
    status: { phase: 'Running' },
  };
  const object = {
    metadata: { name: 'a', labels: { x: 'y' }, annotations: { a: '2' } },
    spec: { list: [{ a: 1 }] },
    status: { phase: 'Failed' },
  };
  const result = sharingParts(object, previous);
  expect(result).toEqual(object);
  expect(result['spec']).toBe(previous.spec);
  expect(result.metadata.labels).toBe(previous.metadata.labels);
  expect(result['status']).toBe(object.status);
  expect(result.metadata.annotations).toBe(object.metadata.annotations);
});
