import type { StatefulSet } from '@pgherd/kube/objects';
import type { Postgresql } from '@pgherd/api';
import { expect, test } from 'vitest';
import { kinds, type Desired } from '../kinds.ts';
import { localAnnotation } from '../names.ts';
import { render } from '../render/render.ts';
import {
  testConfiguration,
  testManifest,
  testObserved,
  testPod,
  testRemembered,
  withStatus,
} from '../testing/cluster.ts';
import { plan } from './plan.ts';
import { stepsOf } from './step.ts';

type Parameters = Record<string, string>;

function world(parameters: Parameters, more: Partial<Postgresql['spec']> = {}): Desired[] {
  const manifest = testManifest({ postgresql: { version: '17', parameters }, ...more });
  return render({ manifest, configuration: testConfiguration(), remembered: testRemembered() });
}

const setOf = (objects: Desired[]) =>
  objects.find(({ kind }) => kind === kinds.statefulSet)?.object as StatefulSet | undefined;

/** What is done when the parameters of a cluster of two become others. */
function change(
  before: Parameters,
  after: Parameters,
  more: Partial<Postgresql['spec']> = {},
  shared: Record<string, unknown> = {},
) {
  const [live, wanted] = [world(before, more), world(after, more)];
  const template = setOf(live)?.spec?.template;
  const pods = [0, 1].map((ordinal) => {
    const pod = testPod({ ordinal, role: ordinal === 0 ? 'primary' : 'replica', spec: template?.spec ?? {} });
    const own = template?.metadata?.annotations?.[localAnnotation];
    if (own !== undefined) pod.metadata.annotations = { ...pod.metadata.annotations, [localAnnotation]: own };
    return pod;
  });
  const observed = testObserved(
    live.map((desired) => (desired.kind === kinds.statefulSet ? withStatus(desired, 'old') : desired)),
    pods,
    { leader: 'acid-demo-0', configuration: {} },
  );
  const goal = {
    objects: wanted,
    database: undefined,
    configuration: { wanted: shared, applied: [], version: '17' },
    pods: { ignoredAnnotations: [], isLazy: false },
  };
  return stepsOf(plan(goal, observed));
}

test('a parameter of the members themselves is taken in by those that run', () => {
  const steps = change({ log_filename: 'a' }, { log_filename: 'b', ssl: 'on' });
  expect(steps.map(({ what, why, disturbs }) => [what, disturbs, why])).toEqual([
    [
      'update statefulset acid-demo',
      'nothing',
      [
        'spec.template.metadata.annotations.pgherd.dev/postgresql.parameters.log_filename: a → b',
        'spec.template.metadata.annotations.pgherd.dev/postgresql.parameters.ssl: (unset) → on',
      ],
    ],
    ...[0, 1].map((ordinal) => [
      `have PostgreSQL of acid-demo-${ordinal} take in its own configuration`,
      'reload',
      ['log_filename: a → b', 'ssl: (unset) → on'],
    ]),
  ]);
});

test('one that needs a restart: the restarts are planned with it, replicas first', () => {
  const steps = change({}, { shared_buffers: '64MB' });
  expect(steps.slice(-2)).toMatchObject([
    {
      what: 'restart PostgreSQL of acid-demo-1',
      why: ['shared_buffers is only taken in at a start'],
      waitFor: 'Patroni says that a restart is pending',
    },
    { what: 'restart PostgreSQL of acid-demo-0', disturbs: 'downtime' },
  ]);
  const back = change({ shared_buffers: '64MB' }, {});
  expect(back.at(-1)?.what).toBe('restart PostgreSQL of acid-demo-0');
});

test('with a shared parameter that needs a restart, too: one restart is for both', () => {
  const shared = { postgresql: { parameters: { max_connections: '900' } } };
  const restarts = change({}, { shared_buffers: '64MB' }, {}, shared).slice(-2);
  expect(restarts.map(({ what }) => what)).toEqual([
    'restart PostgreSQL of acid-demo-1',
    'restart PostgreSQL of acid-demo-0',
  ]);
  for (const { why, takesIn } of restarts) {
    expect(why).toHaveLength(2);
    expect(takesIn).toEqual(['max_connections', 'shared_buffers']);
  }
});

test('under Spilo the pods are replaced, and the plan says so', () => {
  const steps = change(
    { log_filename: 'a' },
    { log_filename: 'b' },
    { dockerImage: 'registry.example/spilo:1' },
  );
  expect(steps.map(({ what }) => what)).toEqual([
    'update statefulset acid-demo',
    'replace pod acid-demo-1',
    'switch over from acid-demo-0 to acid-demo-1',
    'replace pod acid-demo-0',
  ]);
});
