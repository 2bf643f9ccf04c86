import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { testManifest } from '../testing/cluster.ts';
import { Metrics } from './metrics.ts';

const now = '2026-01-02T03:04:05Z';
const state = { waiting: 3, workers: 8, busy: 2, leads: true, volumes: [] };

test('the page tells of requests, passes and clusters', async () => {
  const metrics = new Metrics();
  metrics.request({ verb: 'get', resource: 'pods', code: 200, ms: 10 });
  metrics.request({ verb: 'watch', resource: 'pods', code: 200, ms: 10_000 });
  metrics.pass({ controller: 'c', key: 'k', outcome: 'done', ms: 50 });
  metrics.teams('unauthorized');
  metrics.poolerPause({ outcome: 'another', ms: 800 });
  metrics.poolerPause({ outcome: 'busy' });
  const status = {
    PostgresClusterStatus: 'Running',
    instances: 2,
    readyInstances: 1,
    conditions: [
      { type: 'Ready', status: 'True' as const, reason: 'r', message: 'm', lastTransitionTime: now },
    ],
    members: [{ name: 'acid-demo-1', lagBytes: 16 }],
  };
  const volumes = [
    {
      namespace: 'default',
      cluster: 'acid-demo',
      pod: 'acid-demo-0',
      usage: { size: 100, used: 60, free: 40, wal: 5, at: 0 },
      forecast: { growthPerDay: 172_800, fullAt: undefined, basedOnMs: 1 },
    },
  ];
  const { text } = await metrics.page({ ...state, volumes, manifests: [{ ...testManifest(), status }] });
  for (const line of [
    'pgherd_kubernetes_requests_total{verb="get",resource="pods",code="200"} 1',
    'pgherd_kubernetes_request_duration_seconds_count{verb="get"} 1',
    'pgherd_passes_total{outcome="done"} 1',
    'pgherd_pass_duration_seconds_count 1',
    'pgherd_teams_api_requests_total{outcome="unauthorized"} 1',
    'pgherd_pooler_pauses_total{outcome="another"} 1',
    'pgherd_pooler_pauses_total{outcome="busy"} 1',
    'pgherd_pooler_pause_duration_seconds_bucket{le="1"} 1',
    'pgherd_pooler_pause_duration_seconds_count 1',
    'pgherd_queue_depth 3',
    'pgherd_workers 8',
    'pgherd_workers_busy 2',
    'pgherd_leader 1',
    'pgherd_clusters{status="Running"} 1',
    'pgherd_cluster_condition{namespace="default",cluster="acid-demo",condition="Ready"} 1',
    'pgherd_cluster_members{namespace="default",cluster="acid-demo"} 2',
    'pgherd_cluster_members_ready{namespace="default",cluster="acid-demo"} 1',
    'pgherd_volume_size_bytes{namespace="default",cluster="acid-demo",member="acid-demo-0"} 100',
    'pgherd_volume_used_bytes{namespace="default",cluster="acid-demo",member="acid-demo-0"} 60',
    'pgherd_volume_free_bytes{namespace="default",cluster="acid-demo",member="acid-demo-0"} 40',
    'pgherd_volume_wal_bytes{namespace="default",cluster="acid-demo",member="acid-demo-0"} 5',
    'pgherd_volume_growth_bytes_per_second{namespace="default",cluster="acid-demo",member="acid-demo-0"} 2',
    'pgherd_member_lag_bytes{namespace="default",cluster="acid-demo",member="acid-demo-1"} 16',
  ]) {
    expect(text.split('\n')).toContain(line);
  }
  expect(text).not.toContain('verb="watch"} ');
  const gone = await metrics.page({ ...state, manifests: [] });
  expect(gone.text).not.toContain('acid-demo');
});

test('the documentation names every metric, its type and what it means', async () => {
  const file = new URL('../../../../docs/reference/metrics.md', import.meta.url);
  const rows = readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => /^\| `pgherd_\w+` +\|/.test(line))
    .map((line) => line.split('|').map((cell) => cell.trim().replaceAll('`', '')));
  const documented = rows.map(([, name, type, , help]) => ({ name, type, help }));
  const metrics = await new Metrics().describe();
  expect(documented).toEqual(metrics.map(({ name, type, help }) => ({ name, type, help })));
});
