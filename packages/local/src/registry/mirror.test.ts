import { systemClock } from '@pgherd/kube/objects';
import { expect, test, vi } from 'vitest';
import { memorySource } from './memory-source.ts';
import { mirror } from './mirror.ts';
import { endpointSliceResource, serviceResource } from '../network/resources.ts';

const names = (of: ReturnType<typeof mirror>): unknown[] => of.objects().map(({ metadata }) => metadata.name);
const object = (name: string): { metadata: { namespace: string; name: string } } => ({
  metadata: { namespace: 'default', name },
});

test('is full at once and follows', () => {
  const source = memorySource();
  source.put('services', object('a'));
  let changes = 0;
  const services = mirror(source, serviceResource, systemClock, () => changes++, vi.fn());
  expect(names(services)).toEqual(['a']);
  source.put('services', object('b'));
  source.remove('services', 'default', 'a');
  expect(names(services)).toEqual(['b']);
  expect(changes).toBe(2);
  services.close();
  expect(source.watches()).toBe(0);
});

test('a broken watch is begun anew, and nothing that happened meanwhile is missed', async () => {
  const source = memorySource();
  source.put('services', object('a'));
  const failed = vi.fn();
  const services = mirror(source, serviceResource, systemClock, () => {}, failed);
  source.breakWatches();
  source.remove('services', 'default', 'a');
  source.put('services', object('b'));
  await vi.waitFor(() => expect(names(services)).toEqual(['b']));
  expect(failed).toHaveBeenCalledOnce();
  expect(source.watches()).toBe(1);
  services.close();
});

test('what is not served is empty', () => {
  const slices = mirror(memorySource(), endpointSliceResource, systemClock, () => {}, vi.fn());
  expect(slices.objects()).toEqual([]);
  slices.close();
});
