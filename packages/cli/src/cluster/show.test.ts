import { expect, test } from 'vitest';
import type { Overview } from './overview.ts';
import { formatOverview } from './show.ts';

const overview: Overview = {
  namespace: 'team',
  name: 'acid-demo',
  team: 'acid',
  version: '17',
  status: 'Running',
  generation: 3,
  observedGeneration: 3,
  instances: 2,
  replication: 'synchronous',
  members: [
    {
      name: 'acid-demo-0',
      role: 'primary',
      state: 'running',
      timeline: 4,
      lagBytes: 0,
      ready: true,
      restarts: 1,
      node: 'n1',
      pendingRestart: false,
    },
    {
      name: 'acid-demo-1',
      role: 'sync replica',
      state: 'streaming',
      timeline: 4,
      lagBytes: 16 * 1024 * 1024,
      ready: true,
      restarts: 0,
      node: 'n2',
      pendingRestart: true,
    },
  ],
  volumes: [
    { claim: 'pgdata-acid-demo-0', phase: 'Bound', size: '1Gi', storageClass: 'standard', volume: 'pvc-1' },
  ],
  endpoints: [
    { service: 'acid-demo', role: 'master', address: '10.0.0.1:5432', pods: ['acid-demo-0'] },
    { service: 'acid-demo-repl', role: 'replica', address: '10.0.0.2:5432', pods: [] },
  ],
  poolers: [
    {
      name: 'acid-demo-pooler',
      role: 'master',
      mode: 'transaction',
      ready: 1,
      pods: 2,
      image: 'localhost/pgherd/pooler:1.24',
      address: '10.0.0.3:5432',
    },
  ],
  conditions: [],
  steps: [],
  stepsLeft: 0,
  paused: false,
  scheduled: [],
  connections: [
    {
      user: 'zalando',
      secret: 'zalando.acid-demo.credentials',
      uri: 'postgresql://zalando:***@acid-demo.team.svc.cluster.local:5432/foo?sslmode=require',
    },
  ],
};

test('the overview says all in one screen', () => {
  expect(formatOverview(overview)).toMatchInlineSnapshot(`
    "team/acid-demo: Running
    PostgreSQL 17, team acid, 2 of 2 members ready, synchronous replication

    Members
    NAME          ROLE           STATE                        TIMELINE   LAG        READY   RESTARTS   NODE
    acid-demo-0   primary        running                      4          0 B        yes     1          n1
    acid-demo-1   sync replica   streaming, restart pending   4          16.0 MiB   yes     0          n2

    Volumes
    CLAIM                PHASE   SIZE   CLASS      VOLUME
    pgdata-acid-demo-0   Bound   1Gi    standard   pvc-1

    Endpoints
    SERVICE          ROLE      ADDRESS         PODS
    acid-demo        master    10.0.0.1:5432   acid-demo-0
    acid-demo-repl   replica   10.0.0.2:5432   none

    Poolers
    NAME               ROLE     MODE          ADDRESS         READY    IMAGE
    acid-demo-pooler   master   transaction   10.0.0.3:5432   1 of 2   localhost/pgherd/pooler:1.24

    Connections
    USER      SECRET                          URI
    zalando   zalando.acid-demo.credentials   postgresql://zalando:***@acid-demo.team.svc.cluster.local:5432/foo?sslmode=require"
  `);
});

test('a manifest that the operator has not seen yet is said', () => {
  expect(formatOverview({ ...overview, observedGeneration: 2 })).toContain(
    'Running (a newer manifest waits)',
  );
  expect(formatOverview({ ...overview, status: '' })).toContain('not seen by an operator yet');
});

test('a paused cluster says so, and what is scheduled', () => {
  const text = formatOverview({
    ...overview,
    paused: true,
    scheduled: [{ what: 'switchover from acid-demo-0', at: '2026-01-02T03:04:05Z' }],
  });
  expect(text).toContain('Paused: nobody takes over');
  expect(text).toMatch(/Scheduled\nWHAT +WHEN\nswitchover from acid-demo-0 +2026-01-0\d \d\d:04:05 /);
});

test('what is wrong and what is left to do is printed', () => {
  const text = formatOverview({
    ...overview,
    status: 'Updating',
    lastError: { reason: 'ImagePull', message: 'image x cannot be pulled', since: '2026-01-02T03:04:05Z' },
    steps: [
      { what: 'replace pod acid-demo-1', why: ['image: x → y'], disturbs: 'restart' },
      { what: 'replace pod acid-demo-0', disturbs: 'restart', waitFor: 'acid-demo-1 streams' },
    ],
    stepsLeft: 3,
  });
  expect(text.split('\n').slice(0, 3)).toEqual([
    'team/acid-demo: Updating',
    'PostgreSQL 17, team acid, 2 of 2 members ready, synchronous replication',
    'Wrong since 2026-01-02T03:04:05Z: image x cannot be pulled',
  ]);
  expect(text).toContain(
    [
      'Steps left',
      '  1. replace pod acid-demo-1  [restart]',
      '     because image: x → y',
      '  2. replace pod acid-demo-0  [restart]',
      '     waits until: acid-demo-1 streams',
      '     and 1 more',
    ].join('\n'),
  );
});
