import { expect, test } from 'vitest';
import type { Seen } from './observer.ts';
import { phasesOf, type Course } from './phases.ts';

const faultAt = Date.parse('2026-01-31T10:00:00Z');
const seen = (ms: number, kind: Seen['kind'], name: string, object: object): Seen => {
  const { metadata, ...rest } = object as { metadata?: object };
  return { kind, name, at: faultAt + ms, object: { metadata: { name, ...metadata }, ...rest } };
};
const lock = (leader?: string): object => ({
  metadata: { annotations: { ttl: '30', ...(leader === undefined ? {} : { leader }) } },
});
const ended = (containerID: string): object => ({
  status: { containerStatuses: [{ name: 'postgres', lastState: { terminated: { containerID } } }] },
});
const labelled: object = { metadata: { labels: { 'spilo-role': 'master' } } };
const leadingTo = (ip: string): object => ({ subsets: [{ addresses: [{ ip }] }] });

const course: Course = {
  cluster: 'acid-a',
  faultAt,
  writtenAt: faultAt + 900,
  before: 'acid-a-0',
  after: 'acid-a-1',
  address: '10.0.0.2',
  container: 'podman://old',
  roleLabel: 'spilo-role',
  seen: [],
  log: [],
};

test('a takeover with ConfigMaps: each thing when it was seen first', () => {
  const phases = phasesOf({
    ...course,
    seen: [
      seen(-50, 'configmap', 'acid-a-leader', lock('acid-a-0')),
      seen(100, 'pod', 'acid-a-0', ended('podman://older')),
      seen(200, 'pod', 'acid-a-0', ended('podman://old')),
      seen(250, 'configmap', 'acid-a-config', lock()),
      seen(300, 'configmap', 'acid-a-leader', lock()),
      seen(400, 'configmap', 'acid-a-leader', lock('acid-a-1')),
      seen(450, 'endpoints', 'acid-a', leadingTo('10.0.0.1')),
      seen(500, 'pod', 'acid-a-1', labelled),
      seen(550, 'endpoints', 'acid-a', leadingTo('10.0.0.2')),
      seen(700, 'configmap', 'acid-a-leader', lock('acid-a-1')),
    ],
    log: [
      '2026-01-31 09:59:59.000 UTC,,,1,,,,,,,,LOG,00000,"received promote request",,,',
      '2026-01-31 10:00:00.600 UTC,,,1,,,,,,,,LOG,00000,"received promote request",,,',
      '2026-01-31 10:00:00.700 UTC,,,1,,,,,,,,LOG,00000,"archive recovery complete",,,',
    ],
  });
  expect(phases).toEqual({
    ended: 200,
    cleared: 300,
    taken: 400,
    promoting: 600,
    promoted: 700,
    labelled: 500,
    served: 550,
    written: 900,
  });
});

test('with Endpoints the lock and the addresses are one object', () => {
  const leads = { ...lock('acid-a-1'), ...leadingTo('10.0.0.2') };
  const phases = phasesOf({ ...course, seen: [seen(400, 'endpoints', 'acid-a', leads)] });
  expect(phases).toEqual({ taken: 400, served: 400, written: 900 });
});

test('one that comes back promotes nothing', () => {
  const phases = phasesOf({
    ...course,
    after: 'acid-a-0',
    seen: [
      seen(200, 'pod', 'acid-a-0', ended('podman://old')),
      seen(300, 'pod', 'acid-a-0', labelled),
      seen(400, 'endpoints', 'acid-a', { ...lock('acid-a-0'), ...leadingTo('10.0.0.2') }),
    ],
    log: [
      '2026-01-31 10:00:00.800 UTC,,,1,,,,,,,,LOG,00000,"database system is ready to accept connections"',
    ],
  });
  expect(phases).toEqual({ ended: 200, promoted: 800, written: 900 });
});
