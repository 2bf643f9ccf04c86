import { expect, test } from 'vitest';
import { TransportError } from '../client/index.ts';
import type { Event, KubeObject } from '../objects/index.ts';
import { EventRecorder } from './event-recorder.ts';
import { ManualClock, MemoryObjects } from './testing.ts';

const cluster: KubeObject = {
  apiVersion: 'acid.zalan.do/v1',
  kind: 'postgresql',
  metadata: { namespace: 'herd', name: 'acid-demo', uid: 'u', resourceVersion: '7' },
};

function start() {
  const clock = new ManualClock();
  const server = new MemoryObjects();
  const recorder = new EventRecorder({
    client: server.client,
    component: 'pgherd',
    instance: 'pod-1',
    clock,
  });
  const stored = (): Event[] => [...server.objects.values()] as Event[];
  return { clock, server, recorder, stored };
}

test('an event says about what, by whom, when and how often', async () => {
  const { recorder, stored } = start();
  recorder.event(cluster, 'Normal', 'Created', 'made the StatefulSet');
  await recorder.flush();
  expect(stored()).toHaveLength(1);
  expect(stored()[0]).toMatchObject({
    involvedObject: {
      apiVersion: 'acid.zalan.do/v1',
      kind: 'postgresql',
      namespace: 'herd',
      name: 'acid-demo',
      uid: 'u',
      resourceVersion: '7',
    },
    metadata: { namespace: 'herd', name: expect.stringMatching(/^acid-demo\.[0-9a-f]{16}$/) as string },
    type: 'Normal',
    reason: 'Created',
    message: 'made the StatefulSet',
    count: 1,
    firstTimestamp: '2030-01-01T00:00:00Z',
    lastTimestamp: '2030-01-01T00:00:00Z',
    source: { component: 'pgherd' },
    reportingComponent: 'pgherd',
    reportingInstance: 'pod-1',
  });
});

test('the same again raises the count; another message is another event', async () => {
  const { clock, recorder, stored } = start();
  recorder.event(cluster, 'Warning', 'Failed', 'no space');
  await clock.advance(60_000);
  recorder.event(cluster, 'Warning', 'Failed', 'no space');
  recorder.event(cluster, 'Warning', 'Failed', 'no memory');
  await recorder.flush();
  expect(stored().map(({ message, count }) => [message, count])).toEqual([
    ['no space', 2],
    ['no memory', 1],
  ]);
  expect(stored()[0]).toMatchObject({
    firstTimestamp: '2030-01-01T00:00:00Z',
    lastTimestamp: '2030-01-01T00:01:00Z',
  });
});

test('an event that the server has forgotten is made anew', async () => {
  const { recorder, server, stored } = start();
  recorder.event(cluster, 'Normal', 'Again', 'x');
  await recorder.flush();
  server.objects.clear();
  recorder.event(cluster, 'Normal', 'Again', 'x');
  await recorder.flush();
  expect(stored()).toHaveLength(1);
  expect(stored()[0]?.count).toBe(1);
});

test('more than ten messages of one reason become one event', async () => {
  const { recorder, stored } = start();
  for (let i = 0; i < 15; i++) recorder.event(cluster, 'Warning', 'Odd', `number ${i}`);
  await recorder.flush();
  expect(stored()).toHaveLength(11);
  expect(stored().at(-1)).toMatchObject({ count: 5, message: '(combined from similar events): number 14' });
});

test('an object that talks too much is not heard, others are, and it is again later', async () => {
  const { clock, recorder, stored } = start();
  for (let i = 0; i < 40; i++) recorder.event(cluster, 'Normal', 'Same', 'same');
  recorder.event({ ...cluster, metadata: { ...cluster.metadata, uid: 'other' } }, 'Normal', 'Same', 'same');
  await recorder.flush();
  expect(stored().map(({ count }) => count)).toEqual([25, 1]);
  await clock.advance(300_000);
  recorder.event(cluster, 'Normal', 'Same', 'same');
  await recorder.flush();
  expect(stored().map(({ count }) => count)).toEqual([26, 1]);
});

test('a server that is away is tried again a little; nothing ever throws', async () => {
  const { clock, recorder, server, stored } = start();
  server.failure = new TransportError('https://x', 'ECONNREFUSED', 'refused');
  recorder.event(cluster, 'Normal', 'One', 'x');
  await clock.advance(500);
  server.failure = undefined;
  await clock.advance(1_000);
  await recorder.flush();
  expect(stored().map(({ reason }) => reason)).toEqual(['One']);
  server.failure = new TransportError('https://x', 'ECONNREFUSED', 'refused');
  recorder.event(cluster, 'Normal', 'Two', 'x');
  await clock.advance(10_000);
  await recorder.flush();
  recorder.event({ metadata: {} }, 'Normal', 'NoKind', 'x');
  server.failure = undefined;
  recorder.event(
    { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n' } },
    'Normal',
    'Three',
    'y'.repeat(5000),
  );
  await recorder.flush();
  expect(stored().map(({ reason }) => reason)).toEqual(['One', 'Three']);
  expect(stored()[1]?.metadata.namespace).toBe('default');
  expect(stored()[1]?.message).toHaveLength(1024);
});
